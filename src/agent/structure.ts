/** An answer as a value that satisfies the caller's JSON Schema: asked for, checked, asked for again within limits, borne out. */
import type { Ask } from "../domain/ask.ts";
import type { Grounding, LeafCheck, Passage } from "../domain/event.ts";
import { AppError, toAppError } from "../errors.ts";
import { checkOutput, type OutputChecks } from "../grounding/check/check-output.ts";
import { createOutputCleaner } from "../grounding/write/clean-output.ts";
import { createSourceLinks } from "../grounding/write/source-links.ts";
import { parsePointer } from "../json/pointer.ts";
import type { Fault } from "../json/place.ts";
import { removeAt } from "../json/remove-at.ts";
import type { SchemaObject } from "../json/schema.ts";
import { createValidator } from "../json/validate.ts";
import type { ChatMessage, ChatModel } from "../models/model.ts";
import type { Run } from "../run.ts";
import type { Budget } from "./budget.ts";
import { type Draft, type Drafting, draftOutput } from "./draft-output.ts";
import { fitContext, inOrder, orderByWorth } from "./fit-context.ts";
import { toAgainMessages, toEnvelopeSchema, toOutputPrompt } from "./output-prompt.ts";
import type { Prompt } from "./prompt.ts";

export interface Structured {
  /** The model found no answer, or nothing of its value may be shown; then there is no output. */
  readonly isRefusal: boolean;
  readonly answerer: string;
  readonly grounding: Grounding;
  readonly truncated: false;
  readonly output?: unknown;
  readonly outputChecks?: LeafCheck[];
}

export interface Shown {
  readonly passages: readonly Passage[];
  /** Stages it had to wait for. */
  readonly before: readonly string[];
  /** Of the whole run. */
  readonly budget: Budget;
  /** How many of the passages the question itself found, those at the beginning. */
  readonly foundFirst: number;
}

/**
 * Emits output-partial while the value is written, text-reset before another attempt, and usage of each.
 * Throws what the model throws, and AppError output_invalid when no attempt satisfied the schema,
 * unsupported_option where there is no model.
 */
export async function structure(
  chat: ChatModel | undefined,
  ask: Ask,
  { passages: given, before, budget, foundFirst }: Shown,
  run: Run,
): Promise<Structured> {
  if (chat === undefined) {
    throw new AppError("unsupported_option", { detail: "output needs a chat model" });
  }
  return run.timeline.stage("answer", before, async () => {
    const schema = ask.output?.schema ?? {};
    const { question } = ask;
    const toPrompt = (passages: readonly Passage[]): Prompt =>
      toOutputPrompt({ question, passages, schema, conversation: ask });
    const toMessages = (some: readonly Passage[]) => toPrompt(some).messages;
    const kept = fitContext(orderByWorth(given, foundFirst), run.config, toMessages);
    if (kept.length < given.length) await run.degrade("context_trimmed");
    const passages = inOrder(kept);
    const prompt = toPrompt(passages);
    const links = createSourceLinks();
    links.add(passages);
    const drafting: Drafting = {
      chat,
      run,
      policy: ask.grounding,
      budget,
      envelope: toEnvelopeSchema(schema),
      validator: createValidator(schema),
      clean: createOutputCleaner({ schema, links, secrets: prompt.secrets }),
    };
    const found = await findValue(drafting, prompt.messages);
    if (found.kind !== "value") return refuse(found.answerer);
    const context = { ...drafting, ask, passages, schema };
    const checked = await applyPolicy(context, { ...found, messages: prompt.messages });
    if (checked === undefined) return refuse(found.answerer);
    const { output, checks, grounding, isCut, answerer } = checked;
    if (isCut) await run.degrade("output_partly_checked");
    // Under `flag` it was shown as it came; else it has not been shown at all.
    if (ask.grounding !== "flag") await run.emit({ type: "output-partial", value: output });
    return {
      isRefusal: false,
      answerer,
      grounding,
      truncated: false,
      output,
      outputChecks: [...checks],
    };
  });
}

function refuse(answerer: string): Structured {
  return { isRefusal: true, answerer, grounding: "no-evidence", truncated: false };
}

type Found = Extract<Draft, { readonly kind: "value" }>;

/** Asks until a value satisfies the schema, or there is none to be had. */
async function findValue(
  drafting: Drafting,
  messages: readonly ChatMessage[],
): Promise<Exclude<Draft, { readonly kind: "faulty" }>> {
  const { run, budget } = drafting;
  let asked = messages;
  for (let retry = 0; ; retry += 1) {
    const draft = await draftOutput(drafting, asked);
    switch (draft.kind) {
      case "value":
      case "none":
        return draft;
      case "leak":
        await run.degrade("prompt_leak");
        return draft;
      case "faulty":
        if (retry >= run.config.outputRetriesMax || budget.isSpent) {
          throw toInvalid(draft.answerer, retry + 1, draft.faults);
        }
        asked = toAgainMessages(messages, draft.raw, draft.faults);
        break;
      default:
        return draft satisfies never;
    }
  }
}

const FAULTS_SHOWN_MAX = 3;

/** In the caller's words and ours: the names of places are the model's where the schema leaves them to it. */
function toInvalid(chatId: string, attempts: number, faults: readonly Fault[]): AppError {
  const told = faults
    .slice(0, FAULTS_SHOWN_MAX)
    .map(({ pointer, message }) => {
      const place = pointer.replaceAll(/[^\w/~.-]/g, "?").slice(0, 100);
      return `${place === "" ? "the value" : place} ${message}`;
    })
    .join("; ");
  const times = attempts === 1 ? "once" : `${attempts} times`;
  return new AppError("output_invalid", {
    stage: "answer",
    detail: `${chatId} was asked ${times}, and its value does not satisfy the schema: ${told}`,
  });
}

interface PolicyContext extends Drafting {
  readonly ask: Ask;
  readonly passages: readonly Passage[];
  readonly schema: SchemaObject;
}

type Checked = OutputChecks & { readonly output: unknown } & Pick<Found, "answerer">;

/** What the policy leaves of a value; undefined: nothing that satisfies the schema. */
async function applyPolicy(
  context: PolicyContext,
  found: Found & { readonly messages: readonly ChatMessage[] },
): Promise<Checked | undefined> {
  const first = check(context, found);
  const wrong = listUnsupported(first);
  if (context.policy === "flag" || wrong.length === 0) return first;
  if (context.policy === "withhold") return withhold(context, first);
  const faults = wrong.map((pointer) => ({
    pointer,
    message: "is not borne out by the passages; correct it from them, or leave it out",
  }));
  const second = await tryRepair(context, toAgainMessages(found.messages, found.raw, faults));
  return withhold(context, second ?? first);
}

function check(
  { ask, passages, schema }: PolicyContext,
  { value, answerer }: Pick<Found, "value" | "answerer">,
): Checked {
  const checks = checkOutput({ value, schema, question: ask.question, passages });
  return { ...checks, output: value, answerer };
}

function listUnsupported({ checks }: Checked): readonly string[] {
  return checks.filter(({ verdict }) => verdict === "unsupported").map(({ pointer }) => pointer);
}

/** The one better value; undefined when the model gave none or no tokens are left for it, which the run reports. */
async function tryRepair(
  context: PolicyContext,
  messages: readonly ChatMessage[],
): Promise<Checked | undefined> {
  const { run, budget } = context;
  try {
    const draft = budget.isSpent ? undefined : await draftOutput(context, messages);
    if (draft?.kind === "value") return check(context, draft);
  } catch (thrown) {
    run.signal.throwIfAborted();
    run.log.error("repair-failed", thrown, { runId: run.id, code: toAppError(thrown).code });
  }
  await run.degrade("repair_failed");
  return undefined;
}

/** Without the leaves that nothing bears out, where the schema lets them go; else nothing at all. */
async function withhold(context: PolicyContext, checked: Checked): Promise<Checked | undefined> {
  const wrong = listUnsupported(checked);
  if (wrong.length === 0) return checked;
  const value = removeAt(
    checked.output,
    wrong.flatMap((pointer) => [parsePointer(pointer) ?? []]),
  );
  if (value === undefined || context.validator.validate(value).length > 0) {
    await context.run.degrade("output_withheld");
    return undefined;
  }
  await context.run.degrade("output_leaves_withheld");
  return check(context, { ...checked, value });
}
