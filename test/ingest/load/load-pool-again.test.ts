/** A message that keeps its parser busy by itself, whatever is attached to it. */
import { expect, test } from "vitest";
import { INGEST_LIMITS } from "../../../ingest/limits.ts";
import { createLoadPool } from "../../../ingest/load/load-pool.ts";
import { limitProcess } from "../../../ingest/load/process-limits.ts";
import { writeMsg } from "../fixtures/msg-file.ts";

/** Where the container says which sector holds its table of sectors, and where its directory begins. */
const TABLE_AT = 76;
const DIRECTORY_AT = 48;
const SECTOR_BYTES = 512;

/** A message of Outlook whose directory goes on with itself. */
function writeEndless(): Uint8Array {
  const bytes = Uint8Array.from(
    writeMsg({ subject: "Plan", sender: ["Ann", "ann@example.org"], to: [], body: "At noon." }),
  );
  const view = new DataView(bytes.buffer);
  const directory = view.getInt32(DIRECTORY_AT, true);
  const table = (view.getInt32(TABLE_AT, true) + 1) * SECTOR_BYTES;
  view.setInt32(table + 4 * directory, directory, true);
  return bytes;
}

test("is read anew for a part of the time only, and what the first reading said counts", async () => {
  const limits: number[] = [];
  const pool = createLoadPool({ ...INGEST_LIMITS, loadTimeoutMs: 600 }, (own, onBroken) => {
    limits.push(own.limitMs);
    return limitProcess(own, onBroken);
  });
  const file = { id: "a.msg", path: "a.msg" };
  const events = await pool.load("outlook", writeEndless(), file, new AbortController().signal);
  await pool.close();
  expect(events).toMatchObject([{ type: "problem", severity: "error" }]);
  expect(JSON.stringify(events)).not.toContain("0.2 s");
  expect(limits).toEqual([600, 200]);
});
