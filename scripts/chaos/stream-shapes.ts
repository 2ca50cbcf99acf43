/** The ways in which compatible servers shape a Chat Completions stream, tool calls above all. */

/** A chunk of a chat stream. */
export function chunk(
  delta: object,
  finishReason: string | null = null,
  extra: object = {},
): Record<string, unknown> {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  return { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices, ...extra };
}

/** A stream: its events, strings as they are, and whether `[DONE]` follows. */
export interface StreamShape {
  readonly events: readonly (object | string)[];
  readonly done: boolean;
}

const USAGE = { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 };
const call = (id: string, name: string, args: unknown, index: number | undefined = 0): object => ({
  ...(index === undefined ? {} : { index }),
  id,
  type: "function",
  function: { name, arguments: args },
});
const first = (...calls: readonly object[]): object =>
  chunk({ role: "assistant", content: null, tool_calls: calls });
const next = (...calls: readonly object[]): object => chunk({ tool_calls: calls });
const args = (text: unknown, index = 0): object => ({ index, function: { arguments: text } });
const toolEnd = chunk({}, "tool_calls");
const hi = chunk({ role: "assistant", content: "hi" });
/** So much that some of it is shown at once, whatever is held back of its end. */
const words = chunk({ role: "assistant", content: "A queue that is bounded" });
const stop = chunk({}, "stop");
const shape = (...events: readonly (object | string)[]): StreamShape => ({ events, done: true });

/** The tools in them are `f` and `g`, their arguments `{"a":1}` and `{"a":2}`; and the service's own `search`. */
export const STREAM_SHAPES: Readonly<Record<string, StreamShape>> = {
  "tool-fragments": shape(
    first(call("c1", "f", "")),
    next(args('{"a":')),
    next(args("1}")),
    toolEnd,
  ),
  "tool-no-index": shape(first(call("c1", "f", '{"a":1}', undefined)), toolEnd),
  "tool-same-index": shape(
    first(call("c1", "f", '{"a":1}')),
    next(call("c2", "g", '{"a":2}')),
    toolEnd,
  ),
  "tool-no-id": shape(
    first({ index: 0, type: "function", function: { name: "f", arguments: '{"a":1}' } }),
    toolEnd,
  ),
  "tool-no-type": shape(
    first({ index: 0, id: "c1", function: { name: "f", arguments: '{"a":1}' } }),
    toolEnd,
  ),
  "tool-finish-stop": shape(first(call("c1", "f", '{"a":1}')), stop),
  "tool-name-repeated": shape(
    first(call("c1", "f", "")),
    next(call("c1", "f", '{"a":1}')),
    toolEnd,
  ),
  "tool-null-arguments": shape(
    first(call("c1", "f", null)),
    next({ index: 0, function: { name: null, arguments: '{"a":1}' } }),
    toolEnd,
  ),
  "tool-cut-arguments": shape(first(call("c1", "f", '{"a":')), toolEnd),
  "tool-object-arguments": shape(first(call("c1", "f", { a: 1 })), toolEnd),
  "tool-out-of-order": shape(
    first(call("c2", "g", '{"a":2}', 1)),
    next(call("c1", "f", '{"a":1}', 0)),
    toolEnd,
  ),
  "tool-huge-index": shape(first(call("c1", "f", '{"a":1}', 1e9)), toolEnd),
  "tool-search": shape(first(call("c1", "search", '{"query":"bounded queues"}')), toolEnd),
  "tool-search-nowhere": shape(
    first(call("c1", "search", '{"query":"queues","collections":["nowhere"]}')),
    toolEnd,
  ),
  "tool-search-cut": shape(first(call("c1", "search", '{"query":"bounded qu')), toolEnd),
  "tool-search-eof": {
    events: [first(call("c1", "search", '{"query":"bounded queues"}'))],
    done: false,
  },
  reasoning: shape(
    chunk({ role: "assistant", reasoning_content: "hmm" }),
    chunk({ reasoning: "hm" }),
    chunk({ content: "hi" }),
    stop,
  ),
  "usage-alone": shape(hi, stop, { ...chunk({}), choices: [], usage: USAGE }),
  "usage-last": shape(hi, chunk({}, "stop", { usage: USAGE })),
  "no-finish": { events: [words], done: true },
  "empty-first": shape(
    { id: "", object: "", created: 0, model: "", choices: [], prompt_filter_results: [] },
    hi,
    stop,
  ),
  "error-within": shape(words, { error: { message: "the worker died", code: 502 } }),
  "content-filter": shape(words, chunk({}, "content_filter")),
  length: shape(hi, chunk({}, "length")),
  comments: shape(": ping\n\n", hi, ": ping\n\n", stop),
  "no-done": { events: [hi, stop], done: false },
};

export const SHAPE_NAMES: ReadonlySet<string> = new Set(Object.keys(STREAM_SHAPES));
