/** Streams a model's answer through the grounding writer; recognises a refusal, asks once for repair. */
import { sleep } from "../async/clock.ts";
import type { GroundingPolicy } from "../domain/ask.ts";
import type { Grounding, Passage } from "../domain/event.ts";
import { AppError, toAppError } from "../errors.ts";
import { createAnswerWriter, type WriterEvent } from "../grounding/answer-writer.ts";
import type { ChatMessage, ChatModel } from "../models/model.ts";
import type { CallContext, Heard } from "./call-model.ts";
import { type Conversation, toPrompt, toRepairMessages } from "./prompt.ts";
import { createRefusalFilter } from "./refusal.ts";
import { type Streamed, streamText, type TextCall } from "./stream-text.ts";

export interface Generated {
  /** The model found no answer in the passages, or nothing it wrote was borne out by them; nothing was shown. */
  readonly isRefusal: boolean;
  readonly grounding: Grounding;
  /** The model began to repeat its prompt, and the answer ends before that. */
  readonly hasLeaked: boolean;
  /** The model stopped at its token limit. */
  readonly truncated: boolean;
  /** The model whose words were shown last. */
  readonly answerer: string;
}

export interface Progress {
  shown: boolean;
}

export interface GenerateOptions extends CallContext {
  readonly policy: GroundingPolicy;
  readonly conversation?: Conversation | undefined;
  /** Set as soon as text has reached the client: from then on nothing may replace it. */
  readonly progress: Progress;
}

/** Behind its refusal, or what is no more shown, a model that is done stops by itself within so many characters, and then says its usage. */
const SURPLUS_CHARS_MAX = 200;

/** Words checked in one turn of the event loop. A sentence takes up to a millisecond, and a model may send thousands at once. */
const TURN_CHARS = 2_000;

/**
 * Emits text-delta, citation and sentence-check as they come, and usage however it ends.
 * Throws what the model throws, and AppError upstream_bad_response when it wrote nothing to show.
 */
export async function generate(
  chat: ChatModel,
  question: string,
  passages: readonly Passage[],
  { run, signal, policy, progress, budget, conversation }: GenerateOptions,
): Promise<Generated> {
  const { messages, secrets } = toPrompt(question, passages, conversation);
  const writer = createAnswerWriter({ passages, policy, secrets });
  const show = async (events: readonly WriterEvent[]): Promise<void> => {
    for (const event of events) {
      if (event.type === "text-delta") progress.shown = true;
      await run.emit(event);
    }
  };
  const call = { run, signal, budget };
  const write = (text: string): Promise<void> =>
    inTurns(text, call, (piece) => show(writer.push(piece)));
  const filter = createRefusalFilter();
  let surplus = 0;
  const take = async (text: string): Promise<Heard> => {
    await write(filter.push(text));
    if (filter.isRefusal || writer.hasLeaked) surplus += text.length;
    return surplus > SURPLUS_CHARS_MAX ? "enough" : undefined;
  };
  let { truncated, answerer } = await streamText(chat, messages, call, take).catch(
    async (thrown: unknown) => {
      await show(writer.breakOff());
      throw thrown;
    },
  );
  await write(filter.end());
  let written = writer.end();
  await show(written.events);
  const hasDraft = written.draft !== undefined;
  if (written.draft !== undefined) {
    // Behind a leak nothing of a second draft would be shown.
    const second = written.hasLeaked
      ? undefined
      : await tryRepair(chat, toRepairMessages(messages, written.draft), call);
    if (second === undefined) written = writer.release();
    else {
      writer.rewrite();
      await write(second.text);
      written = writer.end();
      ({ truncated, answerer } = second);
    }
    await show(written.events);
  }
  if (written.hasLeaked) await run.degrade("prompt_leak");
  if (written.withheld > 0) await run.degrade("sentences_withheld");
  // A second draft may take back all of the first.
  const isEmpty = !progress.shown && (hasDraft || written.withheld > 0);
  if (!filter.isRefusal && !progress.shown && !isEmpty && !written.hasLeaked) {
    throw new AppError("upstream_bad_response", { detail: `${chat.id} answered without a word` });
  }
  const { grounding, hasLeaked } = written;
  const isRefusal = (filter.isRefusal && !progress.shown) || isEmpty;
  return { isRefusal, grounding, hasLeaked, truncated, answerer };
}

/** Hands a text over in pieces, with time for others between them. */
async function inTurns(
  text: string,
  { run, signal = run.signal }: CallContext,
  take: (piece: string) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < text.length; at += TURN_CHARS) {
    if (at > 0) await sleep(run.clock, 0, signal);
    await take(text.slice(at, at + TURN_CHARS));
  }
}

/** The one second draft, whole; undefined when the model failed at it or no tokens are left for it, which the run reports. */
async function tryRepair(
  chat: ChatModel,
  messages: readonly ChatMessage[],
  call: TextCall,
): Promise<(Streamed & { readonly text: string }) | undefined> {
  const { run, budget } = call;
  if (budget?.isSpent === true) {
    await run.degrade("repair_failed");
    return undefined;
  }
  const filter = createRefusalFilter();
  let text = "";
  try {
    const streamed = await streamText(chat, messages, call, async (piece) => {
      text += filter.push(piece);
      await Promise.resolve();
    });
    return { ...streamed, text: text + filter.end() };
  } catch (thrown) {
    run.signal.throwIfAborted();
    run.log.error("repair-failed", thrown, { runId: run.id, code: toAppError(thrown).code });
    await run.degrade("repair_failed");
    return undefined;
  }
}
