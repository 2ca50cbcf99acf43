import { expect, test } from "vitest";
import { toEmbedderAdvice, toEmbedderName, toModel } from "../../src/domain/embedder-name.ts";

test.each([
  ["e5", undefined, "openai:e5"],
  ["BAAI/bge-small-en-v1.5", undefined, "openai:BAAI/bge-small-en-v1.5"],
  ["e5", "passage: ", "openai:e5|passage: "],
  ["e5", "a | b\n", "openai:e5|a | b\n"],
] as const)("%s with the words %j before documents", (model, prefix, name) => {
  expect(toEmbedderName(model, prefix)).toBe(name);
  expect(toModel(name)).toBe(model);
});

const BUNDLED = "static:minilm-l6-v2-256";
const cases: readonly (readonly [built: string, atHand: readonly string[], advice: string])[] = [
  [
    "openai:e5|passage: ",
    [BUNDLED, "openai:e5"],
    'set EMBEDDING_DOCUMENT_PREFIX to "passage: ", with which it was built',
  ],
  [
    "openai:e5|passage: ",
    ["openai:e5|passage:"],
    'set EMBEDDING_DOCUMENT_PREFIX to "passage: ", with which it was built',
  ],
  [
    "openai:e5",
    [BUNDLED, "openai:e5|passage: "],
    "unset EMBEDDING_DOCUMENT_PREFIX, without which it was built",
  ],
  [
    "openai:e5|passage: ",
    [BUNDLED, "openai:other"],
    'set EMBEDDING_MODEL to "e5" and EMBEDDING_DOCUMENT_PREFIX to "passage: "',
  ],
  ["openai:e5", [BUNDLED], 'set EMBEDDING_MODEL to "e5"'],
  ["of-another-program", [BUNDLED, "openai:e5"], "name its model in EMBEDDING_MODEL"],
  ["static:other", ["openai:other"], "name its model in EMBEDDING_MODEL"],
];
test.each(cases)("built with %j, with %j at hand", (built, atHand, advice) => {
  expect(toEmbedderAdvice(built, atHand)).toBe(advice);
});
