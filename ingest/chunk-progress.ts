/** How far a command is that goes through the chunks of a collection. */
export interface ChunkProgress {
  readonly documents: number;
  readonly documentsDone: number;
  readonly chunks: number;
  readonly chunksDone: number;
}
