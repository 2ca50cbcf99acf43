/** Streams a model's answer: citations filtered and resolved, each sentence checked, a refusal recognised. */
import type { Grounding, Passage, Usage } from "../domain/event.ts";
import { createCitationParser, type Parsed } from "../grounding/citation-parser.ts";
import { createGround } from "../grounding/ground.ts";
import type { ChatModel } from "../models/model.ts";
import type { Run } from "../run.ts";
import { estimateTokens } from "../text/tokens.ts";
import { NO_ANSWER, toMessages } from "./prompt.ts";

export interface Generated {
  /** Empty when the model found no answer in the passages. */
  readonly text: string;
  readonly grounding: Grounding;
  readonly usage: Usage;
  readonly truncated: boolean;
}

export interface GenerateOptions {
  readonly run: Run;
  /** Set as soon as text has reached the client: from then on nothing may replace it. */
  readonly progress: { shown: boolean };
}

/** Emits text-delta, citation and sentence-check as they come. Throws what the model throws. */
export async function generate(
  chat: ChatModel,
  question: string,
  passages: readonly Passage[],
  { run, progress }: GenerateOptions,
): Promise<Generated> {
  const messages = toMessages(question, passages);
  const parser = createCitationParser(passages.length);
  const ground = createGround(passages);
  const usage = { inputTokens: 0, outputTokens: 0, requests: 1 };
  let raw = "";
  let text = "";
  let truncated = false;

  const show = async (parsed: Parsed): Promise<void> => {
    if (parsed.text === "") return;
    progress.shown = true;
    text += parsed.text;
    await run.emit({ type: "text-delta", text: parsed.text });
    for (const event of ground.push(parsed.text, parsed.markers)) await run.emit(event);
  };

  const request = { messages, outputTokensMax: run.config.outputTokensMax, temperature: 0 };
  for await (const delta of chat.stream(request, run.signal)) {
    if (delta.type === "text") {
      const wasHeld = isRefusalSoFar(raw);
      raw += delta.text;
      // A refusal is recognised by its beginning; until it is told apart nothing is shown.
      if (!isRefusalSoFar(raw)) await show(parser.push(wasHeld ? raw : delta.text));
    } else if (delta.type === "usage") {
      usage.inputTokens = delta.inputTokens;
      usage.outputTokens = delta.outputTokens;
    } else {
      truncated = delta.reason === "length";
    }
  }
  if (!isRefusal(raw)) {
    if (!progress.shown && isRefusalSoFar(raw)) await show(parser.push(raw));
    await show(parser.end());
  }
  const { last, grounding } = ground.end();
  for (const event of last) await run.emit(event);
  if (usage.outputTokens === 0) estimateUsage(usage, messages, raw);
  await run.emit({ type: "usage", ...usage });
  return { text, grounding, usage, truncated };
}

function isRefusal(raw: string): boolean {
  return raw.trim() === "" || raw.trim().replace(/\.$/u, "") === NO_ANSWER;
}

/** Could what has come so far still become a refusal? */
function isRefusalSoFar(raw: string): boolean {
  const start = raw.trimStart();
  return NO_ANSWER.startsWith(start.trimEnd()) || isRefusal(raw);
}

/** Endpoints that send no usage get an estimate, so that budgets and costs are never silently nought. */
function estimateUsage(
  usage: { inputTokens: number; outputTokens: number },
  messages: readonly { readonly content: string }[],
  raw: string,
): void {
  usage.inputTokens = messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
  usage.outputTokens = estimateTokens(raw);
}
