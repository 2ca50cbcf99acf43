/** What a caller may send: the body of a question, checked in full and completed with the defaults. */
import * as z from "zod";
import type { Config } from "../../config.ts";
import {
  type Ask,
  GROUNDING_POLICIES,
  type Mode,
  RERANK_MODES,
  type RerankMode,
} from "../../domain/ask.ts";
import type { Caller } from "../../domain/caller.ts";
import { COLLECTION_NAME } from "../../domain/collection.ts";
import { Filter } from "../../domain/filter.ts";
import { RETRIEVERS } from "../../domain/hit.ts";
import { AppError, type Issue } from "../../errors.ts";
import { PARSING, toDetail, toIssues } from "./issues.ts";
import { createOutputField, readOutput, SCHEMA_PATH } from "./output-schema.ts";

/** What counts for a run beside its body. */
export interface AskContext {
  readonly caller: Caller;
  /** The header X-Request-Timeout-Ms; the smaller of it and `deadlineMs` counts. */
  readonly timeoutMs?: string | undefined;
}

/**
 * Turns a parsed body into an Ask. Throws AppError: invalid_request, invalid_filter, invalid_schema, unsupported_option, each
 * with the paths that are wrong.
 */
export type AskParser = (body: unknown, context: AskContext) => Ask;

const UNSUPPORTED = "unsupported: ";
const NO_MODEL = `${UNSUPPORTED}needs a chat model, which writes the value, and this service has none: set CHAT_MODEL`;
const CONTROL = /[\p{Cc}]/u;
export const Name = z
  .string()
  .regex(
    COLLECTION_NAME,
    "is not a collection name: 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit",
  );

/** Creates the parser for these settings, the rerankers that are at hand, and the modes that can be answered. */
export function createAskParser(
  config: Config,
  rerankers: readonly RerankMode[] = ["lexical"],
  modes: readonly Mode[] = ["direct"],
): AskParser {
  const Body = createBodySchema(config, rerankers, modes);
  const Timeout = createDeadlineSchema(config);
  return (body, { caller, timeoutMs }) => {
    const issues: Issue[] = [];
    const parsed = Body.safeParse(body, PARSING);
    if (!parsed.success) issues.push(...toIssues(parsed.error));
    const timeout = Timeout.optional().safeParse(toNumber(timeoutMs), PARSING);
    if (!timeout.success) {
      const path = "X-Request-Timeout-Ms";
      issues.push(...toIssues(timeout.error).map(({ message }) => ({ path, message })));
    }
    const read = readOutput(parsed.data?.output, config.outputSchemaBytesMax);
    issues.push(...read.issues);
    if (!parsed.success || issues.length > 0) throw toError(issues);
    const {
      deadlineMs,
      retrieval,
      filter,
      instructions,
      mode,
      output: _output,
      ...rest
    } = parsed.data;
    const { vectorWeight, ...options } = retrieval;
    return {
      ...rest,
      mode: mode as Mode, // checked against those there are
      caller,
      deadlineMs: Math.min(
        deadlineMs ?? timeout.data ?? config.deadlineMs,
        timeout.data ?? Infinity,
      ),
      ...(filter === undefined ? {} : { filter }),
      ...(instructions === undefined ? {} : { instructions }),
      ...read.field,
      retrieval: { ...options, ...(vectorWeight === undefined ? {} : { vectorWeight }) },
    };
  };
}

/** Without a word from the caller: the model that was configured for it, else the one that costs nothing. */
function chooseRerank(rerankers: readonly RerankMode[]): RerankMode {
  if (rerankers.includes("remote")) return "remote";
  return rerankers.includes("lexical") ? "lexical" : "none";
}

/** The body as it is sent; what only this service can tell, such as its modes, is in the schema's metadata. */
export function createBodySchema(
  config: Config,
  rerankers: readonly RerankMode[],
  modes: readonly Mode[],
) {
  const Collections = z
    .array(Name)
    .max(config.collectionsMax)
    .refine((names) => new Set(names).size === names.length, "names a collection twice");
  const Retrieval = z.strictObject({
    retrievers: z
      .array(z.enum(RETRIEVERS))
      .min(1)
      .refine((names) => new Set(names).size === names.length, "names a retriever twice")
      .default([...RETRIEVERS]),
    legHitsMax: z.int().min(1).max(config.legHitsMax).default(config.legHitsMax),
    vectorWeight: z.number().min(0).max(1).optional(),
    rerank: z
      .enum(RERANK_MODES)
      .refine(
        (mode) => mode === "none" || rerankers.includes(mode),
        `${UNSUPPORTED}must be a reranker that this service has: ${["none", ...rerankers].join(", ")}`,
      )
      .meta({ enum: ["none", ...rerankers] })
      .default(chooseRerank(rerankers)),
    passagesMax: z
      .int()
      .min(1)
      .max(Math.max(config.passagesMax, config.candidatesMax))
      .default(config.passagesMax),
    contextTokensMax: z.int().min(1).max(config.contextTokensMax).default(config.contextTokensMax),
    require: Collections.default([]),
    legsMin: z
      .int()
      .min(0)
      .max(config.collectionsMax * RETRIEVERS.length)
      .default(1),
  });
  return z
    .strictObject({
      question: createQuestionSchema(config.questionCharsMax),
      collections: Collections.default([]),
      filter: Filter.optional(),
      mode: z
        .string()
        .refine(
          (mode) => modes.includes(mode as Mode),
          `${UNSUPPORTED}must be a mode that this service has: ${modes.join(", ")}${modes.length > 1 ? "" : "; others need CHAT_MODEL"}`,
        )
        .meta({ enum: [...modes] })
        .default("direct"),
      deadlineMs: createDeadlineSchema(config).optional(),
      history: createHistorySchema(config.historyTurnsMax),
      instructions: z.string().trim().min(1).max(config.instructionsCharsMax).optional(),
      grounding: z.enum(GROUNDING_POLICIES).default("flag"),
      limits: createLimitsSchema(config),
      // The modes beside `direct` are those of a service with a model.
      output: createOutputField(modes.length > 1, NO_MODEL),
      retrieval: Retrieval.default(() => Retrieval.parse({})),
    })
    .superRefine(({ collections, retrieval }, context) => {
      const missing = retrieval.require.filter((name) => !collections.includes(name));
      if (collections.length === 0 || missing.length === 0) return;
      context.addIssue({
        code: "custom",
        path: ["retrieval", "require"],
        message: `requires what is not in collections: ${missing.join(", ")}`,
      });
    });
}

function createLimitsSchema({ stepsMax, toolCallsMax, runTokensMax }: Config) {
  const Limits = z.strictObject({
    stepsMax: z.int().min(1).max(stepsMax).default(stepsMax),
    toolCallsMax: z.int().min(1).max(toolCallsMax).default(toolCallsMax),
    tokensMax: z.int().min(1).max(runTokensMax).default(runTokensMax),
    inputTokensMax: z.int().min(1).max(runTokensMax).exactOptional(),
    outputTokensMax: z.int().min(1).max(runTokensMax).exactOptional(),
  });
  return Limits.default(() => Limits.parse({}));
}

/** The latest turns count; how many may be sent the size of the body decides. */
function createHistorySchema(turnsMax: number) {
  const latest = z.array(Turn).transform((turns) => turns.slice(-turnsMax));
  return latest.default([]);
}

/** One turn of the conversation before the question; the body's own limit bounds them all together. */
const Turn = z.strictObject({
  role: z.enum(["user", "assistant"]),
  content: z.string().trim().min(1),
});

function createQuestionSchema(charsMax: number) {
  return z
    .string()
    .max(charsMax)
    .transform((text) => text.trim())
    .superRefine((text, context) => {
      const refuse = (message: string): void => context.addIssue({ code: "custom", message });
      if (text === "") refuse("is empty; ask something");
      if (!text.isWellFormed()) refuse("holds half a character (a lone surrogate)");
      if (CONTROL.test(text.replace(/[\n\r\t]/g, ""))) refuse("holds control characters");
    })
    .meta({ minLength: 1, pattern: "\\S" });
}

function createDeadlineSchema(config: Config) {
  return z.int().min(1).max(config.deadlineMsMax);
}

function toNumber(text: string | undefined): unknown {
  return text !== undefined && /^\s*\d{1,12}\s*$/.test(text) ? Number(text) : text;
}

/** One error for all issues: its code is theirs when they agree. */
function toError(found: readonly Issue[]): AppError {
  const issues = found.map(({ path, message }) => ({
    path,
    message: message.replace(UNSUPPORTED, ""),
  }));
  const detail = toDetail(issues);
  if (found.every(({ path }) => path.startsWith("filter"))) {
    return new AppError("invalid_filter", { detail, issues });
  }
  if (found.every(({ path }) => path.startsWith(SCHEMA_PATH))) {
    return new AppError("invalid_schema", { detail, issues });
  }
  const unsupported = found.every(({ message }) => message.startsWith(UNSUPPORTED));
  return new AppError(unsupported ? "unsupported_option" : "invalid_request", { detail, issues });
}
