/** How a collection's text becomes terms: the full-text index and the term statistics use the same settings. */
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";

/** Languages the native stemmer knows. Any other name makes the native library abort the process in index creation. */
const LANGUAGES = [
  "Arabic",
  "Danish",
  "Dutch",
  "English",
  "Finnish",
  "French",
  "German",
  "Greek",
  "Hungarian",
  "Italian",
  "Norwegian",
  "Portuguese",
  "Romanian",
  "Russian",
  "Spanish",
  "Swedish",
  "Tamil",
  "Turkish",
] as const;

export interface Analyser {
  readonly baseTokenizer: "simple" | "icu";
  readonly language: (typeof LANGUAGES)[number];
  readonly lowercase: true;
  readonly stem: boolean;
  readonly removeStopWords: boolean;
  readonly asciiFolding: true;
}

/** Throws AppError invalid_request for a language that is not in the list, before any native code sees it. */
export function toAnalyser(spec: Pick<CollectionSpec, "language" | "tokenizer">): Analyser {
  const wanted = spec.language.toLowerCase();
  const language = LANGUAGES.find((name) => name.toLowerCase() === wanted);
  if (language === undefined && wanted !== "none") {
    const names = LANGUAGES.map((name) => name.toLowerCase()).join(", ");
    throw new AppError("invalid_request", {
      detail: `there is no full-text analysis for language "${spec.language.slice(0, 40)}"; use none or one of ${names}`,
    });
  }
  return {
    baseTokenizer: spec.tokenizer === "icu" ? "icu" : "simple",
    language: language ?? "English",
    lowercase: true,
    stem: language !== undefined,
    removeStopWords: language !== undefined,
    asciiFolding: true,
  };
}
