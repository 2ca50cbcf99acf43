/** The settings of one run: its time, what is searched, and what the model is given and may say. */
import { Bytes, Count, CountOrNone, Milliseconds, Share } from "./kinds.ts";

export const RUN_SETTINGS = {
  deadlineMs: Milliseconds.default(60_000).describe("Time a run has when the caller sets none."),
  deadlineMsMax: Milliseconds.default(300_000).describe("Longest deadline a caller may set."),
  embedTimeoutMs: Milliseconds.default(3_000).describe("Budget of embedding the question."),
  searchTimeoutMs: Milliseconds.default(1_000).describe("Budget of one leg of the search."),
  takeTimeoutMs: Milliseconds.default(1_000).describe("Budget of fetching the texts of the hits."),
  rerankTimeoutMs: Milliseconds.default(800).describe("Budget of reranking."),
  rewriteTimeoutMs: Milliseconds.default(2_500).describe(
    "Budget of rewriting a follow-up into a question that stands alone.",
  ),
  firstDeltaTimeoutMs: Milliseconds.default(20_000).describe("Wait for the model's first token."),
  deltaGapTimeoutMs: Milliseconds.default(15_000).describe(
    "Longest silence within the model's stream.",
  ),

  questionCharsMax: Count.default(4_000).describe("Length of a question."),
  instructionsCharsMax: Count.default(8_000).describe("Length of a caller's instructions."),
  historyTurnsMax: Count.default(64).describe(
    "Turns before the question that count; older ones are left out.",
  ),
  collectionsMax: Count.default(64).describe(
    "Collections that a request may name; one that names none asks all there are.",
  ),

  searchConcurrencyMax: Count.default(8).describe("Legs of one run at the same time."),
  legHitsMax: Count.default(100).describe("Hits each leg brings."),
  candidatesMax: Count.default(30).describe("Fused candidates whose text is taken."),
  passagesMax: Count.default(12).describe("Passages in the context."),
  documentShareMax: Share.default(0.5).describe("Share of the context one document may fill."),
  contextTokensMax: Count.default(6_000).describe("Tokens of the context."),

  outputTokensMax: Count.default(1_024).describe("Tokens of an answer."),
  outputSchemaBytesMax: Bytes.default(64 * 1024).describe(
    "Size of the JSON Schema of an output, within that of the body.",
  ),
  outputRetriesMax: CountOrNone.default(2).describe(
    "Times a model is asked again for a value that did not satisfy the schema.",
  ),
  outputCharsMax: Count.default(200_000).describe(
    "Length of a model's value, as JSON, with what it writes around it.",
  ),
  runTokensMax: Count.default(200_000).describe(
    "Tokens of all model calls of one run, input and output.",
  ),
};
