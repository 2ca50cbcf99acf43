/** Examines the pointer of a collection, and makes it again of the journals where it is lost. */
import { existsSync } from "node:fs";
import { moveAside } from "../durable/files.ts";
import { readJournal } from "../durable/journal.ts";
import { inspectPointer, type Pointer, writePointer } from "../durable/pointer.ts";
import type { LanceBase } from "./base.ts";
import type { Examination } from "./examination.ts";
import { toKeptUntilMs } from "./generations.ts";
import { type Place, toPaths, toPlace, toPointerPath } from "./place.ts";

interface Shown {
  readonly place: Place;
  readonly atMs: number;
}

/** The generation that is read; undefined when that cannot be told. Throws AppError store_unavailable. */
export async function examinePointer(
  examination: Examination,
  collection: string,
  places: readonly Place[],
): Promise<number | undefined> {
  const { base, fix, find } = examination;
  const path = toPointerPath(base, collection);
  const found = await inspectPointer(path);
  if (found === "newer") {
    find("damaged", "its pointer file was written by a newer version of the program");
    return undefined;
  }
  const shown = await findShown(examination, places);
  const wrong = findWrong(examination, collection, found, shown[0]);
  const current = typeof found === "object" ? found.current : (shown[0]?.place.generation ?? 1);
  if (wrong === undefined) return current;
  const canMend = fix && shown.length > 0;
  find(canMend ? "mended" : "damaged", wrong);
  return canMend ? mend(examination, collection, shown) : (shown[0]?.place.generation ?? current);
}

async function mend(
  { base, find }: Examination,
  collection: string,
  shown: readonly Shown[],
): Promise<number> {
  const path = toPointerPath(base, collection);
  const pointer = toPointer(base, shown);
  const { current, previous } = pointer;
  if (existsSync(path)) await moveAside(path, toPaths(base, toPlace(collection, 1)).quarantine);
  if (current > 1 || previous !== undefined) await writePointer(path, pointer);
  find("mended", `its pointer names generation ${current} again, as the journal says`);
  return current;
}

/** A line, or nothing for a pointer that is right. */
function findWrong(
  { base }: Examination,
  collection: string,
  found: Pointer | "absent" | "damaged",
  last: Shown | undefined,
): string | undefined {
  if (found === "damaged") return "its pointer file is damaged";
  if (found === "absent") {
    // The first generation needs none until another has been shown.
    if (last === undefined || last.atMs === 0) return undefined;
    return `it has no pointer file, though generation ${last.place.generation} was published`;
  }
  if (existsSync(toPaths(base, toPlace(collection, found.current)).folder)) return undefined;
  return `its pointer names generation ${found.current}, which is not there`;
}

/** By the journals, the last one first; a collection that was never built anew has one generation. */
async function findShown(
  { base }: Examination,
  places: readonly Place[],
): Promise<readonly Shown[]> {
  const shown: Shown[] = [];
  for (const place of places) {
    const { folder, journal } = toPaths(base, place);
    if (!existsSync(folder)) continue;
    const { readyAtMs } = await readJournal(journal);
    const atMs = readyAtMs ?? (place.generation === 1 ? 0 : -1);
    if (atMs >= 0) shown.push({ place, atMs });
  }
  return shown.toSorted((one, other) => other.atMs - one.atMs);
}

/** The generation before stays as long as it would have without the loss. */
function toPointer(base: LanceBase, [last, before]: readonly Shown[]): Pointer {
  const current = last?.place.generation ?? 1;
  if (last === undefined || before === undefined) return { current };
  const keptUntilMs = toKeptUntilMs(base, last.atMs);
  return { current, previous: { generation: before.place.generation, keptUntilMs } };
}
