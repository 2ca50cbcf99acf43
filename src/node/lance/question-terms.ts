/** The terms of a question: several collections of one language ask for the same ones at the same moment. */
import { createLru } from "../../async/lru.ts";
import type { Analyser } from "./analyser.ts";
import { lancedb } from "./native.ts";

/** Distinct terms of the text in order of first occurrence. */
export type QuestionTerms = (text: string, analyser: Analyser) => Promise<ReadonlySet<string>>;

/** Questions remembered: those of the moment. */
const QUESTIONS_MAX = 256;

/** Creates an analysis that remembers the last questions; a failure is not kept. */
export function createQuestionTerms(): QuestionTerms {
  const known = createLru<Promise<ReadonlySet<string>>>({
    entriesMax: QUESTIONS_MAX,
    bytesMax: Infinity,
  });
  return (text, analyser) => {
    const key = `${analyser.baseTokenizer} ${analyser.language} ${analyser.stem} ${text}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const terms = analyse(text, analyser);
    known.set(key, terms, 0);
    terms.catch(() => known.delete(key));
    return terms;
  };
}

async function analyse(text: string, analyser: Analyser): Promise<ReadonlySet<string>> {
  const tokens = await lancedb.tokenize(text.toWellFormed(), analyser);
  return new Set(tokens.map((token) => token.text));
}
