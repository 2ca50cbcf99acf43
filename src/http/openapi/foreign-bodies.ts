/** The bodies of the formats that are not ours: OpenAI's, the AI SDK's, JSON-RPC. */
import * as z from "zod";
import { RunRecord } from "../../domain/event.ts";

export const Model = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
});
export const ModelList = z.object({ object: z.literal("list"), data: z.array(Model) });

export const OpenAiError = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
    request_id: z.string(),
  }),
});

const Annotation = z.object({
  type: z.literal("url_citation"),
  url_citation: z.object({
    start_index: z.int(),
    end_index: z.int(),
    title: z.string(),
    url: z.string(),
  }),
});

/** What the format has no place for; `ignored` are the fields of the request that had no effect. */
export const CompletionExtras = RunRecord.omit({
  answer: true,
  usage: true,
  truncated: true,
  error: true,
}).extend({
  ignored: z.array(z.string()).optional(),
});
const Usage = z.object({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
  total_tokens: z.int().nonnegative(),
});
const Head = { id: z.string(), created: z.int(), model: z.string() };
/** Words in place of the value of a schema. */
const Refusal = z.string().nullable();
/** Always null; what it is with OpenAI says more to a generator of clients than a type that is null alone. */
const Logprobs = z.looseObject({}).nullable();
const Reason = z.enum(["stop", "length"]);

export const Completion = z.object({
  ...Head,
  object: z.literal("chat.completion"),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({
        role: z.literal("assistant"),
        content: z.string().nullable(),
        refusal: Refusal,
        annotations: z.array(Annotation),
        tributary: CompletionExtras,
      }),
      logprobs: Logprobs,
      finish_reason: Reason,
    }),
  ),
  usage: Usage,
});

export const CompletionChunk = z.object({
  ...Head,
  object: z.literal("chat.completion.chunk"),
  choices: z.array(
    z.object({
      index: z.int(),
      delta: z.object({
        role: z.literal("assistant").optional(),
        content: z.string().nullable().optional(),
        refusal: Refusal.optional(),
        annotations: z.array(Annotation).optional(),
      }),
      logprobs: Logprobs.optional(),
      finish_reason: Reason.nullable(),
    }),
  ),
  usage: Usage.nullable().optional(),
  tributary: CompletionExtras.optional(),
});

/** A message of the stream. */
export const CompletionEvent = z.union([CompletionChunk, OpenAiError]);

/** A chunk of the AI SDK's UI message stream, version 1. Its own package has the schema in full. */
export const UiChunk = z.looseObject({ type: z.string() });

const RpcId = z.union([z.string(), z.int()]);

/** A message of the Model Context Protocol; the protocol's own schema says which methods there are. */
export const RpcRequest = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: RpcId.optional(),
  method: z.string(),
  params: z.looseObject({}).optional(),
});
export const RpcResult = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: RpcId,
  result: z.looseObject({}),
});
export const RpcError = z.looseObject({
  jsonrpc: z.literal("2.0"),
  /** Of what was no message: whatever stood in its place. */
  id: z.union([z.string(), z.number()]).nullish(),
  error: z.looseObject({ code: z.int(), message: z.string() }),
});
/** Of an event stream: the server tells how far it is. */
export const RpcNotification = z.looseObject({ jsonrpc: z.literal("2.0"), method: z.string() });
export const RpcReply = z.union([RpcResult, RpcError, RpcNotification]);
