/** Parsers, when somebody else than their pool wants them to end. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { INGEST_LIMITS } from "../../../ingest/limits.ts";
import { createLoadPool } from "../../../ingest/load/load-pool.ts";
import { limitProcess } from "../../../ingest/load/process-limits.ts";

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

test("the time of a file begins when its parser is up, however busy the machine", async () => {
  const pool = createLoadPool({ ...INGEST_LIMITS, loadTimeoutMs: 1_500 });
  const loading = pool.load(
    "markdown",
    new TextEncoder().encode("It is short."),
    { id: "a.md", path: "a.md" },
    signal,
  );
  await new Promise(setImmediate); // it is started now
  const parser = findParser();
  process.kill(parser, "SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  process.kill(parser, "SIGCONT");
  expect((await loading).map(({ type }) => type)).toEqual(["document"]);
  await pool.close();
});

test("a file whose parser waits for the processor is not refused", async () => {
  const pool = createLoadPool({ ...INGEST_LIMITS, loadTimeoutMs: 1_500 });
  const load = (text: string) =>
    pool.load("markdown", new TextEncoder().encode(text), { id: "a.md", path: "a.md" }, signal);
  await load("It is up.");
  const parser = findParser();
  const loading = load("# Long\n\nIt takes a while.\n".repeat(30_000));
  await new Promise((resolve) => setTimeout(resolve, 60));
  process.kill(parser, "SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  process.kill(parser, "SIGCONT");
  expect((await loading).map(({ type }) => type)).toEqual(["document"]);
  await pool.close();
});

test("a process that waits for ever is late, too", async () => {
  const sleeping = spawn("sleep", ["60"]);
  try {
    const limit = { pid: sleeping.pid ?? 0, usedMs: 0, limitMs: 100, memoryMebibytesMax: 100 };
    const broken = new Promise((resolve) => limitProcess(limit, resolve));
    expect(await broken).toBe("time");
  } finally {
    sleeping.kill("SIGKILL");
  }
});

test("what a file unpacks to beside its parser's heap is limited, too", async () => {
  const pool = createLoadPool({ ...INGEST_LIMITS, workerMemoryMebibytesMax: 400 });
  const bytes = toPdf(deflateSync(Buffer.alloc(600 * 2 ** 20, " ")));
  expect(bytes.length).toBeLessThan(INGEST_LIMITS.fileBytesMax);
  const events = await pool.load("pdf", bytes, { id: "a.pdf", path: "a.pdf" }, signal);
  expect(events).toMatchObject([
    { code: "too-large", message: expect.stringContaining("needs more than 400 MiB of memory") },
  ]);
  await pool.close();
});

/** One page whose content is packed. */
function toPdf(content: Uint8Array): Uint8Array {
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R >>",
  ].map((object, index) => `${index + 1} 0 obj\n${object}\nendobj\n`);
  const head = `%PDF-1.4\n${objects.join("")}4 0 obj\n<< /Length ${content.length} /Filter /FlateDecode >>\nstream\n`;
  const tail = "\nendstream\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n";
  return Buffer.concat([Buffer.from(head), content, Buffer.from(tail)]);
}

test("a parser that does not start is no fault of the file", async () => {
  const pool = createLoadPool({ ...INGEST_LIMITS, startTimeoutMs: 1 });
  const bytes = new TextEncoder().encode("It is short.");
  const events = await pool.load("markdown", bytes, { id: "a.md", path: "a.md" }, signal);
  expect(events).toMatchObject([{ code: "unreadable" }]);
  await pool.close();
});

test("a message is read without what is attached where that takes too long", async () => {
  const pool = createLoadPool({ ...INGEST_LIMITS, loadTimeoutMs: 4_500 });
  const page = "<p>It takes long.</p>".repeat(600_000);
  const mail = `From: ann@example.org\r\nSubject: Plan\r\nContent-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\nContent-Type: text/plain\r\n\r\nWe meet at noon.\r\n--e\r\nContent-Type: text/html; name="long.html"\r\nContent-Disposition: attachment\r\n\r\n${page}\r\n--e--\r\n`;
  const file = { id: "a.eml", path: "a.eml" };
  const events = await pool.load("email", new TextEncoder().encode(mail), file, signal);
  expect(events).toMatchObject([
    { code: "too-large", severity: "warning", message: expect.stringContaining("long.html") },
    { type: "document" },
  ]);
  await pool.close();
});
