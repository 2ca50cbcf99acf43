/** The schemas that the document has under names, once for requests and once for responses. */
import * as z from "zod";
import type { Config } from "../../config.ts";
import type { Mode, RerankMode } from "../../domain/ask.ts";
import {
  Citation,
  LeafCheck,
  Leg,
  Passage,
  RunEvent,
  RunFailure,
  RunRecord,
  SentenceCheck,
  TimelineEntry,
  Usage,
} from "../../domain/event.ts";
import { ChunkTrace, LegTrace } from "../../domain/explanation.ts";
import { DocumentReceipt, UploadEvent } from "../../domain/upload-event.ts";
import { type Filter, FILTER_FORMS, FilterNode } from "../../domain/filter.ts";
import { type TargetInput, TARGET_FIELDS } from "../request/explain-body.ts";
import { OpenAiBody } from "../formats/openai-request.ts";
import { UiBody } from "../formats/ui-request.ts";
import { DocumentList } from "../list-documents.ts";
import { DocumentText } from "../read-document.ts";
import { createBodySchema } from "../request/schemas.ts";
import * as own from "./bodies.ts";
import * as foreign from "./foreign-bodies.ts";

/** What only this service can tell: its limits, and what it can do. */
export interface ApiFacts {
  readonly config: Config;
  readonly modes: readonly Mode[];
  readonly rerankers: readonly RerankMode[];
  /** Documents can be stored and deleted over HTTP. */
  readonly takesDocuments: boolean;
}

type AskBody = ReturnType<typeof createBodySchema>;
/** The body of a question as a caller may write it. */
export type AskInput = Omit<z.input<AskBody>, "mode" | "filter"> & {
  mode?: Mode | undefined;
  filter?: Filter | undefined;
};

/** The body of a question about one document. */
export type ExplainInput = AskInput & TargetInput;

/** What each field of a question means, and those that say which document is meant. */
export const ASK_WORDS: Readonly<Record<keyof ExplainInput | "output", string>> = {
  question: "The question, in any language.",
  collections: "Names of the collections to search; none: all.",
  filter: "A condition that every passage must meet.",
  mode: "How much work the answer is worth: one model call, a model with tools, sub-agents.",
  deadlineMs: "Time for the whole run, in milliseconds.",
  history: "The conversation before the question, oldest first.",
  instructions: "Your own words to the model, within the rules of the service.",
  grounding: "What is done about a sentence that its evidence does not support.",
  limits: "What a run with tools may spend.",
  output: "A JSON Schema that the answer must satisfy.",
  retrieval: "How to search, and how much of it goes into the context.",
  documentId: "The document, by the `documentId` that its passages have.",
  collection: "The document's collection, where several have one of this id.",
};

/** Creates the schema of a question's body for this service. */
export function createAskBody({ config, rerankers, modes }: ApiFacts) {
  return createBodySchema(config, rerankers, modes) as z.ZodType<z.output<AskBody>, AskInput>;
}

/** Creates the schema of the body that asks about one document. */
export function createExplainBody({ config, rerankers, modes }: ApiFacts) {
  const Body = createBodySchema(config, rerankers, modes).safeExtend(TARGET_FIELDS);
  return Body as z.ZodType<z.output<typeof Body>, ExplainInput>;
}

/** The bodies that only this service can describe. */
export interface OwnBodies {
  readonly Ask: z.ZodType;
  readonly Explain: z.ZodType;
}

type Registry = ReturnType<typeof z.registry<{ readonly id: string }>>;

/** Names what callers send. */
export function nameRequests({ Ask, Explain }: OwnBodies): Registry {
  return toRegistry({
    Ask,
    ExplainRequest: Explain,
    Filter: FilterNode,
    ...FILTER_FORMS,
    ChatCompletionRequest: OpenAiBody,
    UiChatRequest: UiBody,
    RpcRequest: foreign.RpcRequest,
  });
}

/** Names what the service sends. */
export function nameResponses(): Registry {
  const events = [...RunEvent.options, ...UploadEvent.options].map(
    (option): [string, z.ZodType] => [toEventName(option.shape.type.value), option],
  );
  const [ready, unavailable] = own.CollectionView.options;
  return toRegistry({
    RunRecord,
    RunEvent,
    ...Object.fromEntries(events),
    Passage,
    Citation,
    SentenceCheck,
    LeafCheck,
    Leg,
    TimelineEntry,
    Usage,
    RunFailure,
    SearchResult: own.SearchResult,
    ExplainResult: own.ExplainResult,
    ChunkTrace,
    LegTrace,
    RunView: own.RunView,
    RunAddress: own.RunAddress,
    Collection: own.Collection,
    CollectionView: own.CollectionView,
    ReadyCollection: ready,
    UnavailableCollection: unavailable,
    CollectionList: own.CollectionList,
    DocumentList,
    DocumentText,
    DocumentReceipt,
    UploadEvent,
    Liveness: own.Liveness,
    Readiness: own.Readiness,
    Problem: own.Problem,
    Model: foreign.Model,
    ModelList: foreign.ModelList,
    Completion: foreign.Completion,
    CompletionChunk: foreign.CompletionChunk,
    CompletionEvent: foreign.CompletionEvent,
    CompletionExtras: foreign.CompletionExtras,
    OpenAiError: foreign.OpenAiError,
    UiChunk: foreign.UiChunk,
    RpcReply: foreign.RpcReply,
    RpcResult: foreign.RpcResult,
    RpcError: foreign.RpcError,
    RpcNotification: foreign.RpcNotification,
  });
}

/** `text-delta` → `TextDeltaEvent`. */
export function toEventName(type: (RunEvent | UploadEvent)["type"]): string {
  const words = type.split("-").map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`);
  return `${words.join("")}Event`;
}

function toRegistry(schemas: Readonly<Record<string, z.ZodType>>): Registry {
  const registry = z.registry<{ readonly id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  return registry;
}
