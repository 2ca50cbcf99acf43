/** In whose words an error is told: each foreign format's own at its addresses, problem+json everywhere else. */
import { uiErrorResponse } from "../formats/ui-response.ts";
import { openAiErrorResponse } from "../formats/openai-response.ts";
import { problemResponse } from "./problem.ts";
import type { ErrorShape } from "./run-response.ts";

/** JSON-RPC, as far as an error goes that comes before a message is read. */
const mcpErrorResponse: ErrorShape = (problem, headers) => {
  const { status, headers: own } = problemResponse(problem, headers);
  own.set("Content-Type", "application/json");
  const { code, detail, requestId } = problem;
  const number = code === "invalid_request" ? PARSE_ERROR : MCP_REFUSED;
  const error = { code: number, message: detail, data: { code, requestId } };
  return new Response(JSON.stringify({ jsonrpc: "2.0", id: null, error }), {
    status,
    headers: own,
  });
};
/** Of JSON-RPC: the body is no JSON. */
const PARSE_ERROR = -32_700;
/** Within the range that JSON-RPC leaves to servers. */
const MCP_REFUSED = -32_001;

const SHAPES: readonly (readonly [RegExp, ErrorShape])[] = [
  // What else those clients call is not here, and they are to be able to read that.
  [
    /^(\/v1)?\/(chat\/completions|completions|responses|embeddings|models)(\/|$)/,
    openAiErrorResponse,
  ],
  [/^\/mcp$/, mcpErrorResponse],
  [/^\/v1\/chat(\/|$)/, uiErrorResponse],
];

/** The shape of errors at this path. */
export function chooseErrorShape(path: string): ErrorShape {
  return SHAPES.find(([pattern]) => pattern.test(path))?.[1] ?? problemResponse;
}
