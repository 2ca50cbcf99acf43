/** Streams a model's answer: citations filtered and resolved, each sentence checked, a refusal recognised. */
import type { Grounding, Passage, Usage } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import { createCitationParser, type Parsed } from "../grounding/citation-parser.ts";
import { createGround } from "../grounding/ground.ts";
import type { ChatModel } from "../models/model.ts";
import type { Run } from "../run.ts";
import { estimateTokens } from "../text/tokens.ts";
import { toMessages } from "./prompt.ts";
import { createRefusalFilter } from "./refusal.ts";

export interface Generated {
  /** The model found no answer in the passages; nothing was shown. */
  readonly isRefusal: boolean;
  readonly grounding: Grounding;
  /** The model stopped at its token limit. */
  readonly truncated: boolean;
}

export interface GenerateOptions {
  readonly run: Run;
  /** Set as soon as text has reached the client: from then on nothing may replace it. */
  readonly progress: { shown: boolean };
}

/**
 * Emits text-delta, citation and sentence-check as they come, and usage however it ends.
 * Throws what the model throws, and AppError upstream_bad_response when it wrote nothing to show.
 */
export async function generate(
  chat: ChatModel,
  question: string,
  passages: readonly Passage[],
  { run, progress }: GenerateOptions,
): Promise<Generated> {
  const messages = toMessages(question, passages);
  const filter = createRefusalFilter();
  const parser = createCitationParser(passages.length);
  const ground = createGround(passages);
  let usage: Usage | undefined;
  let raw = "";
  let blank = "";
  let truncated = false;

  const show = async (parsed: Parsed): Promise<void> => {
    const text = blank + parsed.text;
    blank = progress.shown || text.trim() !== "" ? "" : text;
    if (text === blank) return; // nothing, or blanks before the first word
    progress.shown = true;
    await run.emit({ type: "text-delta", text });
    for (const event of ground.push(text, parsed.markers)) await run.emit(event);
  };

  const request = { messages, outputTokensMax: run.config.outputTokensMax, temperature: 0 };
  try {
    for await (const delta of chat.stream(request, run.signal)) {
      if (delta.type === "text") {
        raw += delta.text;
        await show(parser.push(filter.push(delta.text)));
      } else if (delta.type === "usage") {
        const { inputTokens, outputTokens } = delta;
        usage = { inputTokens, outputTokens, requests: 1 };
      } else if (delta.type === "finish") {
        truncated = delta.reason === "length";
      }
    }
    await show(parser.push(filter.end()));
    await show(parser.end());
    const { last, grounding } = ground.end();
    for (const event of last) await run.emit(event);
    if (!filter.isRefusal && !progress.shown) {
      throw new AppError("upstream_bad_response", { detail: `${chat.id} answered without a word` });
    }
    return { isRefusal: filter.isRefusal, grounding, truncated };
  } finally {
    await run.emit({ type: "usage", ...(usage ?? estimateUsage(messages, raw)) });
  }
}

/**
 * Endpoints that send no usage, or break off before it, get an estimate, so that budgets and costs are
 * never silently nought. A request of which nothing came is counted without tokens.
 */
function estimateUsage(messages: readonly { readonly content: string }[], raw: string): Usage {
  if (raw === "") return { inputTokens: 0, outputTokens: 0, requests: 1 };
  return {
    inputTokens: messages.reduce((sum, { content }) => sum + estimateTokens(content), 0),
    outputTokens: estimateTokens(raw),
    requests: 1,
  };
}
