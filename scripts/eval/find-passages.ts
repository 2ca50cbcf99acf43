/** The passages that the product's own search finds for a query of a set. */
import { search } from "../../src/answer.ts";
import type { Ask } from "../../src/domain/ask.ts";
import type { Passage } from "../../src/domain/event.ts";
import type { AnswerContext } from "./evaluate-set.ts";

export async function findPassages(context: AnswerContext, ask: Ask): Promise<readonly Passage[]> {
  const { signal } = new AbortController();
  const passages: Passage[] = [];
  for await (const event of search(context, ask, signal)) {
    if (event.type === "retrieval-end") passages.push(...event.passages);
  }
  return passages;
}
