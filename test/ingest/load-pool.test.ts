/** Parsers, when somebody else than their pool wants them to end. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createLoadPool } from "../../ingest/load-pool.ts";

const { signal } = new AbortController();

function findParser(): number {
  const pid = readdirSync("/proc").find((name) => /^\d+$/.test(name) && isParser(name));
  if (pid === undefined) throw new Error("there is no parser");
  return Number(pid);
}

function isParser(pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    return (
      parent === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("load-worker")
    );
  } catch {
    return false; // it has just ended
  }
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s to the whole group does not make a damaged file of one that is being read",
  async (kind) => {
    const pool = createLoadPool();
    const load = (text: string) =>
      pool.load("markdown", new TextEncoder().encode(text), { id: "a.md", path: "a.md" }, signal);
    await load("It is up.");
    const parser = findParser();
    const loading = load("# Long\n\nIt takes a while.\n".repeat(20_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(parser, kind);
    expect((await loading).map(({ type }) => type)).toEqual(["document"]);
    expect(findParser()).toBe(parser);
    await pool.close();
  },
);
