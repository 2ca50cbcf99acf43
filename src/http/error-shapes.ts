/** In whose words an error is told: each foreign format's own at its addresses, problem+json everywhere else. */
import { uiErrorResponse } from "./formats/ui-response.ts";
import { openAiErrorResponse } from "./formats/openai-response.ts";
import { problemResponse } from "./problem.ts";
import type { ErrorShape } from "./run-response.ts";

const SHAPES: readonly (readonly [RegExp, ErrorShape])[] = [
  [/^\/v1\/(chat\/completions|models)(\/|$)/, openAiErrorResponse],
  [/^\/v1\/chat(\/|$)/, uiErrorResponse],
];

/** The shape of errors at this path. */
export function chooseErrorShape(path: string): ErrorShape {
  return SHAPES.find(([pattern]) => pattern.test(path))?.[1] ?? problemResponse;
}
