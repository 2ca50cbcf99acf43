/** The journal beside a table: which versions were acknowledged, and the seals of their files. One checked line an entry. */
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import * as z from "zod";
import { parseCheckedLine, readFormat, toCheckedLine } from "./checked-line.ts";
import { readText, replaceFile, type Seal, syncFolder } from "./files.ts";

/** Grows when an older program must not go on from what a newer one wrote. */
const FORMAT = 1;
const LINE_BREAK = 0x0a;
const Seals = z.record(z.string(), z.tuple([z.int(), z.int()]).readonly());
const Entry = z.discriminatedUnion("type", [
  /** Everything of this version is on disk. `files` are those that no entry before it names. */
  z.object({
    format: z.literal(FORMAT),
    type: z.literal("version"),
    version: z.int().positive(),
    chunks: z.int(),
    documents: z.int(),
    files: Seals,
  }),
  /** Old files may be going from here on until the journal is written anew. */
  z.object({ format: z.literal(FORMAT), type: z.literal("cleanup") }),
  /** Readers were pointed to this table. */
  z.object({ format: z.literal(FORMAT), type: z.literal("ready"), atMs: z.number() }),
]);
export type JournalEntry = z.infer<typeof Entry>;
export type NewEntry = JournalEntry extends infer One
  ? One extends JournalEntry
    ? Omit<One, "format">
    : never
  : never;

export interface Journal {
  /** `cut`: the last line has no end, as a crash leaves it. */
  readonly state: "absent" | "sound" | "cut" | "broken" | "newer";
  /** The last version that was acknowledged. */
  readonly last: Extract<JournalEntry, { type: "version" }> | undefined;
  readonly files: ReadonlyMap<string, Seal>;
  /** A cleanup began and nothing says that it ended: files may be gone that are listed. */
  readonly cleaning: boolean;
  readonly readyAtMs: number | undefined;
}

/** Where there is none. */
export const NO_JOURNAL: Journal = {
  state: "absent",
  last: undefined,
  files: new Map(),
  cleaning: false,
  readyAtMs: undefined,
};

/**
 * Reads a journal. A last line that was cut off was never acknowledged and does not count; any other line that
 * is not what was written makes it `broken`, and what can be read of it still counts.
 * Throws AppError store_unavailable for a file that may not be read.
 */
export async function readJournal(path: string): Promise<Journal> {
  const text = await readText(path);
  if (text === undefined) return NO_JOURNAL;
  const lines = text.split("\n");
  const files = new Map<string, Seal>();
  let state: Journal["state"] = lines.pop() === "" ? "sound" : "cut";
  let last: Journal["last"];
  let [cleaning, readyAtMs]: [boolean, number | undefined] = [false, undefined];
  for (const line of lines) {
    if (line === "") continue;
    const entry = parseLine(line);
    if (entry === "newer") state = "newer";
    if (entry === "broken" && state !== "newer") state = "broken";
    if (typeof entry === "string") continue;
    if (entry.type === "cleanup") cleaning = true;
    if (entry.type === "ready") readyAtMs = entry.atMs;
    if (entry.type !== "version") continue;
    last = entry;
    for (const [name, seal] of Object.entries(entry.files)) files.set(name, seal);
  }
  return { state, last, files, cleaning, readyAtMs };
}

function parseLine(line: string): JournalEntry | "broken" | "newer" {
  const read = parseCheckedLine(line);
  if (read === "broken") return "broken";
  if (readFormat(read.value) > FORMAT) return "newer";
  const parsed = Entry.safeParse(read.value);
  return parsed.success ? parsed.data : "broken";
}

function toLine(entry: NewEntry): string {
  return toCheckedLine({ format: FORMAT, ...entry });
}

/** Appends an entry and returns when it is on disk. A line before it that was cut off goes: it said nothing. Throws the system's error. */
export async function appendJournal(path: string, entry: NewEntry): Promise<void> {
  await using file = await open(path, "a+");
  const { size } = await file.stat();
  await file.truncate(await findEnd(file, size));
  await file.appendFile(toLine(entry));
  await file.datasync();
  if (size === 0) await syncFolder(dirname(path));
}

/** Where the last whole line ends. */
async function findEnd(file: FileHandle, size: number): Promise<number> {
  const end = new Uint8Array(1);
  for (let at = size; at > 0; at -= 1) {
    await file.read(end, 0, 1, at - 1);
    if (end[0] === LINE_BREAK) return at;
  }
  return 0;
}

/** Writes the journal anew in one step: this version, and when readers were pointed to the table, if they were. */
export async function writeJournal(
  path: string,
  version: Extract<NewEntry, { type: "version" }>,
  readyAtMs: number | undefined,
): Promise<void> {
  const ready: NewEntry[] = readyAtMs === undefined ? [] : [{ type: "ready", atMs: readyAtMs }];
  await replaceFile(path, [version, ...ready].map(toLine).join(""));
}
