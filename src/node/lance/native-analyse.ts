/** Questions as terms by LanceDB's own analysis, for collections that are read from a server. */
import type { Analyse } from "../../stores/lance/rest-snapshot.ts";
import { toAnalyser } from "./analyser.ts";
import { createQuestionTerms } from "./question-terms.ts";

export function createNativeAnalyse(): Analyse {
  const questionTerms = createQuestionTerms();
  return async (text, spec) => questionTerms(text, toAnalyser(spec));
}
