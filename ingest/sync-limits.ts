/** Every limit of a sync: its name, unit and meaning, in one table. */

export const SYNC_LIMITS = {
  /** Files being read and parsed at the same time, and those done but not yet wanted. */
  loadConcurrencyMax: 4,
  loadedFilesMax: 8,
  /** A commit takes whole documents until it has so many chunks or characters. */
  commitChunksMin: 1_000,
  commitCharsMin: 2_000_000,
  /** Batches each stage may be ahead of the one after it. */
  batchesAheadMax: 1,
  /** Texts of one embedding call are at most this long together: endpoints refuse more. */
  callCharsMax: 200_000,
  /** Embedding calls at the same time. */
  callConcurrencyMax: 4,
  /** Chunks that a run may add to a collection without bringing its indexes up on the way, if it has no more of them. */
  unindexedChunksMax: 100_000,
  /** Deletions in one commit. */
  removalsMax: 5_000,
  /** Hashes set in one commit. */
  rehashedMax: 5_000,
  /** Stored documents of which none was found: from here on deleting them all is taken for a mistake. */
  allMissingMin: 10,
  /** Problems the report lists one by one. */
  problemsMax: 1_000,
  /** Documents asked of the store at a time in a dry run; it may give fewer. */
  pageDocumentsMax: 5_000,
  /** Chunks of one document asked of the store at a time, where it is carried over; it may give fewer. */
  chunksAtOnceMax: 500,
  /** Pause between two progress notices. */
  progressIntervalMs: 100,
} as const;
