/** The settings of the records of runs, which clients can read again. */
import { Bytes, Count, Milliseconds, Text } from "./kinds.ts";

export const JOURNAL_SETTINGS = {
  runBytesMax: Bytes.default(16 * 2 ** 20).describe("Size of the events of one run."),
  runJournalRunsMax: Count.default(10_000).describe("Runs whose record is kept after their end."),
  runJournalBytesMax: Bytes.default(128 * 2 ** 20).describe(
    "Size of the records that are kept, as they lie in memory or in files.",
  ),
  runJournalAgeMsMax: Milliseconds.default(3_600_000).describe("Age of the records that are kept."),
  runJournalDir: Text.optional().describe(
    "Folder that keeps the records over a restart. Unset: they are kept in memory.",
  ),
};
