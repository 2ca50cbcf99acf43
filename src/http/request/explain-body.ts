/** Which document a question about a document means: two fields beside those of a question. */
import * as z from "zod";
import type { ExplainTarget } from "../../domain/explanation.ts";
import { parseInput } from "./issues.ts";
import { Name } from "./schemas.ts";

const ID_CHARS_MAX = 1_000;

export const TARGET_FIELDS = {
  documentId: z.string().min(1).max(ID_CHARS_MAX),
  collection: Name.optional(),
};
const Target = z.object(TARGET_FIELDS);
export type TargetInput = z.input<typeof Target>;

export interface ExplainBody {
  readonly target: ExplainTarget;
  /** The question, as yet unchecked. */
  readonly question: unknown;
}

/** Takes the two fields out of the body. Throws AppError invalid_request with the paths that are wrong. */
export function parseExplainBody(body: unknown): ExplainBody {
  const target = parseInput(Target, body);
  const { documentId: _id, collection: _collection, ...question } = body as TargetInput;
  return { target, question };
}
