/** One attempt of a model at a value: read while it is written, shown as far as it is sure, judged at its end. */
import type { GroundingPolicy } from "../domain/ask.ts";
import { AppError } from "../errors.ts";
import type { OutputCleaner } from "../grounding/write/clean-output.ts";
import { createJsonFinder } from "../json/find-json.ts";
import { createJsonReader, type JsonReader } from "../json/json-reader.ts";
import type { Fault } from "../json/place.ts";
import type { SchemaObject } from "../json/schema.ts";
import type { Validator } from "../json/validate.ts";
import type { ChatMessage, ChatModel } from "../models/model.ts";
import type { Run } from "../run.ts";
import { estimatePrompt, estimateTokens } from "../text/tokens.ts";
import type { Budget, Spent } from "./budget.ts";
import { NO_ANSWER } from "./prompt.ts";
import { streamText } from "./stream-text.ts";

/** What all attempts of one run share. */
export interface Drafting {
  readonly chat: ChatModel;
  readonly run: Run;
  readonly policy: GroundingPolicy;
  /** Of the whole run. */
  readonly budget: Budget;
  readonly envelope: SchemaObject;
  readonly validator: Validator;
  readonly clean: OutputCleaner;
}

type Judged =
  | { readonly kind: "value"; readonly value: unknown }
  /** The model found no answer in the passages. */
  | { readonly kind: "none" }
  /** A secret of the prompt is in it. */
  | { readonly kind: "leak" }
  | { readonly kind: "faulty"; readonly faults: readonly Fault[] };
export type Draft = Judged & { readonly raw: string; readonly answerer: string };

/** A partial comes when there is so much more to read than at the last one, and an eighth more than there was. */
const PARTIAL_CHARS_MIN = 16;
const PARTIAL_GROWTH = 1.125;

/**
 * Asks the model once. Under the policy `flag` it emits an output-partial whenever there is more to show;
 * what it has shown and does not become the value is withdrawn before it returns. Throws what the model throws.
 */
export async function draftOutput(
  drafting: Drafting,
  messages: readonly ChatMessage[],
): Promise<Draft> {
  const { chat, run, budget, envelope } = drafting;
  const finder = createJsonFinder();
  const reader = createJsonReader();
  const partials = createPartials(drafting, reader);
  let raw = "";
  let stopped: Judged | undefined;
  let spent: Spent | undefined;
  let answerer = chat.id;
  const onFallback = (modelId: string): void => void (answerer = modelId);
  try {
    const call = { run, outputSchema: envelope, onFallback };
    ({ spent } = await streamText(chat, messages, call, async (text) => {
      raw += text;
      reader.push(finder.push(text));
      stopped = (await partials.show(raw.length)) ?? findStop(reader, raw, run);
      if (stopped !== undefined) throw new AppError("output_invalid");
    }));
  } catch (thrown) {
    if (stopped === undefined) throw thrown;
  }
  const judged = stopped ?? judge(drafting, { reader, lead: finder.lead });
  if (judged.kind === "value") await partials.finish(judged.value);
  else await partials.withdraw();
  budget.addTokens(spent ?? estimate(messages, raw));
  return { ...judged, raw, answerer };
}

/** Nothing that follows can mend these. */
function findStop(reader: JsonReader, raw: string, { config }: Run): Judged | undefined {
  if (reader.fault !== undefined) return toFaulty(reader.fault);
  if (raw.length <= config.outputCharsMax) return undefined;
  return toFaulty(`is longer than ${config.outputCharsMax} characters; write less`);
}

function toFaulty(message: string, pointer = ""): Judged {
  return { kind: "faulty", faults: [{ pointer, message }] };
}

/** What the model's words came to when they are over. */
function judge(
  { clean, validator }: Drafting,
  { reader, lead }: { readonly reader: JsonReader; readonly lead: string },
): Judged {
  const { value: object, isComplete } = reader;
  if (object === undefined) {
    return isRefusal(lead) ? { kind: "none" } : toFaulty("is not JSON: write the object alone");
  }
  if (!isComplete) return toFaulty("breaks off before its end; write less");
  const isBare = !Object.hasOwn(object, "found");
  if (object["found"] === false) return { kind: "none" };
  if (!isBare && object["found"] !== true) return toFaulty("must say true or false under found");
  if (!isBare && !Object.hasOwn(object, "value")) return toFaulty("has nothing under value");
  // Some models leave out what is around the value. Where it does as it is, it is taken as it is.
  const { value, leak, faults } = clean(isBare ? object : object["value"], undefined);
  if (leak === "certain") return { kind: "leak" };
  const found = [...faults, ...validator.validate(value)];
  if (found.length === 0) return { kind: "value", value };
  return isBare
    ? toFaulty("must have found and value as its keys")
    : { kind: "faulty", faults: found };
}

function isRefusal(lead: string): boolean {
  return lead.replace(/^[\s"'“«`*_([]+/u, "").startsWith(NO_ANSWER);
}

/** Shows what there is of a value, never what may still become something else. */
function createPartials({ clean, validator, policy, run }: Drafting, reader: JsonReader) {
  let nextAt = 0;
  let shown: string | undefined;
  let isAstray = policy !== "flag";

  const emit = async (value: unknown): Promise<void> => {
    const text = JSON.stringify(value);
    if (text === shown) return;
    shown = text;
    await run.emit({ type: "output-partial", value });
  };
  return {
    /** Gives an end to the draft where a secret was about to be shown. */
    async show(length: number): Promise<Judged | undefined> {
      const { value: object, open = [], fault } = reader;
      if (isAstray || length < nextAt || fault !== undefined) return undefined;
      if (object?.["found"] !== true || !Object.hasOwn(object, "value")) return undefined;
      nextAt = Math.max(length + PARTIAL_CHARS_MIN, length * PARTIAL_GROWTH);
      const within = open[0] === "value" ? open.slice(1) : undefined;
      const { value, leak, faults } = clean(object["value"], within);
      if (leak === "certain") return { kind: "leak" };
      if (leak === "possible" || value === undefined) return undefined;
      isAstray = faults.length > 0 || !validator.isPrefix(value, within);
      if (!isAstray) await emit(value);
      return undefined;
    },
    /** The whole value. */
    async finish(value: unknown): Promise<void> {
      if (policy === "flag") await emit(value);
    },
    async withdraw(): Promise<void> {
      if (shown === undefined) return;
      shown = undefined;
      await run.emit({ type: "text-reset" });
    },
  };
}

/** Of a draft that was stopped nobody sends the usage. */
function estimate(messages: readonly ChatMessage[], raw: string): Spent {
  return { inputTokens: estimatePrompt(messages), outputTokens: estimateTokens(raw) };
}
