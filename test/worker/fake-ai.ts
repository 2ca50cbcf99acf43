/**
 * A fake of the binding AI, after the documentation: `run(model, inputs, { signal })`,
 * https://developers.cloudflare.com/workers-ai/configuration/bindings/, and for what a model takes and gives
 * https://developers.cloudflare.com/workers-ai/models/bge-base-en-v1.5/ and …/bge-reranker-base/. A failure is an
 * error whose message is the internal code and the description of
 * https://developers.cloudflare.com/workers-ai/platform/errors/, as the runtime's own client throws it.
 */
import type { AiBinding } from "../../src/worker/ai-binding.ts";

export interface AiCall {
  readonly model: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

export type AiReply = (call: AiCall) => unknown;

/** Answers each call with the next reply, the last one again and again; without any it throws. */
export function createFakeAi(...replies: readonly AiReply[]) {
  const calls: AiCall[] = [];
  const binding: AiBinding = {
    async run(model, inputs, { signal }) {
      const call = { model, inputs, signal };
      const reply = replies[Math.min(calls.length, replies.length - 1)];
      calls.push(call);
      if (reply === undefined) throw new Error("the fake was told nothing");
      return reply(call);
    },
  };
  return { binding, calls };
}

/** As the runtime's client throws it. */
export function fails(code: number, description: string, name = "InferenceUpstreamError"): AiReply {
  return () => {
    throw Object.assign(new Error(`${code}: ${description}`), { name });
  };
}

export const outOfCapacity = fails(3040, "No more data centers to forward the request to");

/** Never answers, and does not care about the signal. */
export const hangs: AiReply = () => new Promise(() => undefined);

/** One vector a text: the first component is the text's length. */
export function embeds(dimensions: number, pooling = "mean"): AiReply {
  return ({ inputs }) => {
    const text = inputs["text"] as readonly string[];
    const data = text.map((one) => [one.length, ...Array<number>(dimensions - 1).fill(1)]);
    return { shape: [text.length, dimensions], data, pooling };
  };
}

export const answers =
  (value: unknown): AiReply =>
  () =>
    value;
