/** Every limit of finding and reading files: its name, unit and meaning, in one table. */
const KIBIBYTE = 2 ** 10;
const MEBIBYTE = 2 ** 20;

export const INGEST_LIMITS = {
  /** Files one command may find. */
  filesMax: 100_000,
  /** Folders within folders. */
  folderDepthMax: 64,
  /** Size of one file; a larger one is refused without being read. */
  fileBytesMax: 20 * MEBIBYTE,
  /** Text of one document, in UTF-16 code units. */
  textCharsMax: 10 * MEBIBYTE,
  /** Title of a document or heading; the rest is cut. */
  titleCharsMax: 300,
  /** Records (rows, lines) of one CSV, JSON or JSONL file. */
  rowsMax: 250_000,
  /** One record. */
  rowCharsMax: 2 * MEBIBYTE,
  /** Levels of a JSON value. */
  jsonDepthMax: 64,
  /** HTML elements open within each other. */
  htmlDepthMax: 500,
  /** Metadata fields of a document, and characters of one value. */
  metadataFieldsMax: 64,
  metadataCharsMax: 2_000,
  /** Problems reported one by one for a file; beyond it they are counted. */
  problemsMax: 20,
  /** Files inside a zip-based format. */
  zipEntriesMax: 10_000,
  /** What all of them unpack to. */
  zipBytesMax: 100 * MEBIBYTE,
  /** Unpacked size by packed size of the whole file; honest office files stay far below. */
  zipRatioMax: 200,
  /** Pages of a PDF. */
  pagesMax: 5_000,
  /**
   * Text formats up to this size are read in our own process; everything else in a parser process, which a time limit
   * and a signal can end. An expression that looks again from each place needs some hundredths of a second for as much;
   * a file this small costs half a millisecond more through a parser, and starting one a fifth of a second.
   */
  inlineBytesMax: 8 * KIBIBYTE,
  /** Files attached to one email that are read. */
  attachmentsMax: 1_000,
  /**
   * Parser processes, the heap of each and all of its memory, what was unpacked among it; the time one may take to start,
   * and the processor time that one file may take then.
   */
  workersMax: 2,
  workerHeapMebibytesMax: 512,
  workerMemoryMebibytesMax: 1_024,
  startTimeoutMs: 60_000,
  loadTimeoutMs: 15_000,
} as const;

export type IngestLimits = { readonly [Name in keyof typeof INGEST_LIMITS]: number };
