/** `/v1/chat/completions`, streamed or whole, and the faults of a stream. */
import * as z from "zod";
import { type AnswerContext, findFault, toSpan } from "./answer-context.ts";
import { type Conversation, toTokens, writeAnswer } from "./content.ts";
import type { Fault, FaultName } from "./fault.ts";
import { replyJson } from "./json-reply.ts";
import { playStream } from "./play-stream.ts";
import {
  body,
  DONE_FRAME,
  type End,
  endlessLine,
  type Filler,
  PING_FRAME,
  repeat,
  type Reply,
  toFrame,
  UPSTREAM_TEXT,
} from "./reply.ts";
import { chunk, STREAM_SHAPES } from "./stream-shapes.ts";

const Chat = z.object({
  model: z.string().default("chaos"),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })).default([]),
});
type Chat = z.infer<typeof Chat>;

/** The answer, with the faults that shape it. Throws ZodError for a request that is none. */
export function replyChat(given: unknown, context: AnswerContext): Reply {
  const request = Chat.parse(given);
  const text = writeAnswer(context.settings.chat, toConversation(request), context.nextAnswer());
  if (request.stream !== true) return replyJson(toCompletion(request, text), context);
  const isWhole = findFault(context.faults, "json-instead") !== undefined;
  return isWhole ? body(toCompletion(request, text)) : replyStream(request, text, context);
}

function replyStream(request: Chat, text: string, context: AnswerContext): Reply {
  const { faults, settings } = context;
  const { frames, end } = bend(toWhole(request, text), faults);
  const gap = toSpan(findFault(faults, "delta-latency"), settings.chat.deltaMs);
  const split = findFault(faults, "split")?.value ?? 0;
  const filler = toFiller(findFault(faults, "pings", "blank-deltas", "endless-line"));
  return (response) => playStream(response, { frames, end, filler, gap, split }, context);
}

/** What a silence is filled with. */
function toFiller(fault: Fault | undefined): Filler | undefined {
  if (fault === undefined) return undefined;
  if (fault.name === "endless-line") return endlessLine(LINE_START);
  const event = fault.name === "pings" ? PING_FRAME : chunk({ role: "assistant" });
  return repeat(event, fault.value);
}
const LINE_START = 'data: {"choices":[{"index":0,"delta":{"reasoning":"';

interface WholeStream {
  /** One frame a delta. */
  readonly deltas: readonly string[];
  readonly finish: string;
  /** Usage where it was asked for. */
  readonly after: readonly string[];
}

interface Bent {
  readonly frames: readonly string[];
  readonly end: End;
}

type Bend = (whole: WholeStream, fault: Fault) => Bent;

const silent: Bend = () => ({ frames: [], end: "hang" });

const BENDS: Readonly<Partial<Record<FaultName, Bend>>> = {
  "stall-body": silent,
  "stall-after": ({ deltas }, { value }) => ({ frames: deltas.slice(0, value), end: "hang" }),
  "reset-after": ({ deltas }, { value }) => ({ frames: deltas.slice(0, value), end: "reset" }),
  "eof-after": ({ deltas }, { value }) => ({ frames: deltas.slice(0, value), end: "clean" }),
  "stall-finish": ({ deltas, finish }) => ({ frames: [...deltas, finish], end: "hang" }),
  "malformed-after": ({ deltas, finish, after }, { value }) =>
    toBent([...deltas.slice(0, value), MALFORMED, ...deltas.slice(value), finish, ...after]),
  "error-after": ({ deltas }, { value, word }) =>
    toBent([...deltas.slice(0, value), toErrorFrame(word)]),
  "filter-after": ({ deltas, after }, { value }) =>
    toBent([...deltas.slice(0, value), toFrame(chunk({}, "content_filter")), ...after]),
  length: ({ deltas, after }) => toBent([...deltas, toFrame(chunk({}, "length")), ...after]),
  empty: ({ finish, after }) => toBent([finish, ...after]),
  "no-done": ({ deltas, finish, after }) => ({
    frames: [...deltas, finish, ...after],
    end: "clean",
  }),
  shape: (_, { word }) => toShape(word),
};
/** Without a silence to fill they begin with one. */
const FILLERS: Readonly<Partial<Record<FaultName, Bend>>> = {
  pings: silent,
  "blank-deltas": silent,
  "endless-line": silent,
};
const MALFORMED = 'data: {"choices": [{oops\n\n';

/** The stream as the first fault among them wants it; whole when none shapes a stream. */
function bend(whole: WholeStream, faults: readonly Fault[]): Bent {
  const [bent] = [BENDS, FILLERS].flatMap((bends) =>
    faults.flatMap((fault) => bends[fault.name]?.(whole, fault) ?? []),
  );
  return bent ?? toBent([...whole.deltas, whole.finish, ...whole.after]);
}

function toBent(frames: readonly string[]): Bent {
  return { frames: [...frames, DONE_FRAME], end: "clean" };
}

function toShape(name: string): Bent {
  const { events = [], done = true } = STREAM_SHAPES[name] ?? {};
  const frames = events.map(toFrame);
  return done ? toBent(frames) : { frames, end: "clean" };
}

function toErrorFrame(code: string): string {
  return toFrame({
    error: { message: UPSTREAM_TEXT, ...(code === "" ? {} : { code, type: code }) },
  });
}

/** Frames of a text's tokens, kept: many streams send the same text. */
const kept = new Map<string, readonly string[]>();
const KEPT_MAX = 64;

function toWhole(request: Chat, text: string): WholeStream {
  const key = `${request.model} ${text}`;
  const deltas = kept.get(key) ?? toDeltas(request.model, text);
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(key, deltas);
  const usage = {
    ...chunk({}),
    model: request.model,
    choices: [],
    usage: toUsage(request, deltas.length),
  };
  return {
    deltas,
    finish: toFrame(chunk({}, "stop", { model: request.model })),
    after: request.stream_options?.include_usage === true ? [toFrame(usage)] : [],
  };
}

function toDeltas(model: string, text: string): readonly string[] {
  return toTokens(text).map((content, index) =>
    toFrame(chunk(index === 0 ? { role: "assistant", content } : { content }, null, { model })),
  );
}

function toCompletion(request: Chat, content: string): object {
  return {
    id: "c",
    object: "chat.completion",
    created: 1,
    model: request.model,
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: toUsage(request, toTokens(content).length),
  };
}

/** About four characters a token, which is near enough for a model that is none. */
function toUsage(request: Chat, completion: number): object {
  const chars = toConversation(request).reduce((sum, { text }) => sum + text.length, 0);
  const prompt = Math.ceil(chars / 4);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  };
}

function toConversation({ messages }: Chat): Conversation {
  return messages.map(({ role, content }) => ({ role, text: toText(content) }));
}

/** Content is a text, or a list of parts of which some are texts. */
function toText(content: unknown): string {
  if (typeof content === "string") return content;
  const parts = z.array(z.object({ text: z.string().default("") })).safeParse(content);
  return parts.success ? parts.data.map(({ text }) => text).join("") : "";
}
