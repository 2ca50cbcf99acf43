/** Reads the playground's files from the project's own folder. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ReadFile, ReadPage } from "../../http/routes/playground.ts";
import { ifFound } from "../files/is-code.ts";

const FOLDER = new URL("../../../data/page/", import.meta.url);
const TAG_DIGITS = 16;

/** Each file is read once, when it is first asked for. */
export function createPageReader(): ReadPage {
  const files = new Map<string, Promise<ReadFile | undefined>>();
  return (name) => {
    const known = files.get(name) ?? read(name);
    files.set(name, known);
    return known;
  };
}

async function read(name: string): Promise<ReadFile | undefined> {
  const found = await ifFound(readFile(new URL(name, FOLDER)));
  if (found === undefined) return undefined;
  const body = new Uint8Array(found);
  return { body, tag: createHash("sha256").update(body).digest("hex").slice(0, TAG_DIGITS) };
}
