/** Property: whatever is asked, read, answered or thrown, the default log, spans and metrics hold nothing of it. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { systemClock } from "../../src/async/clock.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError } from "../../src/errors.ts";
import { createRunGate } from "../../src/http/admission/run-gate.ts";
import { protectChat, protectEmbedder } from "../../src/models/protect.ts";
import { createTelemetry } from "../../src/node/telemetry/telemetry.ts";
import { askWith } from "../support/app.ts";
import { createTestStore, wordEmbedder } from "../support/collections.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
import { createScriptedChat, says, type Script } from "../support/scripted-chat.ts";

/** Words that stand nowhere in the code. */
const marker = fc.stringMatching(/^zq[a-z]{6,12}$/);
const markers = fc.record({
  asked: marker,
  read: marker,
  said: marker,
  thrown: marker,
  key: marker,
});
type Markers = typeof markers extends fc.Arbitrary<infer Value> ? Value : never;

/** What becomes of the model's call; each may quote what it was given. */
const FATES: readonly ((words: Markers) => Script)[] = [
  ({ said }) => says(`The ${said} is so [1].`),
  ({ asked, thrown }) => [new Error(`cannot answer ${asked}: ${thrown}`)],
  ({ asked, thrown }) => [
    new AppError("upstream_config", { cause: new SyntaxError(`${asked} ${thrown}`) }),
  ],
  ({ said, thrown }) => [
    { type: "text", text: `The ${said} is so [1]. And` },
    new AppError("upstream_truncated", { cause: new Error(thrown) }),
  ],
];

test("no question, passage, answer, foreign error or key", async () => {
  await fc.assert(
    fc.asyncProperty(
      markers,
      fc.constantFrom(...FATES),
      fc.boolean(),
      async (words, fate, isBroken) => {
        await using receiver = await startOtlpReceiver();
        const lines: string[] = [];
        const config = parseConfig({
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          OPENAI_API_KEY: words.key,
        });
        const telemetry = await createTelemetry(config, { write: (line) => lines.push(line) });
        const { tracer, log } = telemetry;
        const shared = { config, clock: systemClock, upstreams: createUpstreamRegistry(), tracer };
        const text = `The ${words.asked} is ${words.read}, as everyone knows.`;
        const broken = {
          ...wordEmbedder,
          embed: () => Promise.reject(new Error(`${words.asked} ${words.thrown}`)),
        };
        const embedder = protectEmbedder(isBroken ? broken : wordEmbedder, shared);
        const chat = createScriptedChat(...Array.from({ length: 4 }, () => fate(words)));
        const app = createApp({
          ...shared,
          log,
          telemetry,
          gate: createRunGate(),
          store: await createTestStore({ handbook: { [words.read]: text } }),
          embedders: new Map([[embedder.id, embedder]]),
          sentenceEmbedder: wordEmbedder,
          rerankers: {},
          chat: protectChat(chat, [], shared),
        });
        const response = await app.request(
          "/v1/ask",
          askWith({ question: `What is ${words.asked}?` }),
        );
        await response.text();
        await telemetry.flush();
        expect(receiver.spans.length).toBeGreaterThan(3);
        expect(lines.length).toBeGreaterThan(0);
        const all = `${receiver.raw}\n${lines.join("")}\n${telemetry.render?.()}`.toLowerCase();
        expect(Object.values(words).filter((word) => all.includes(word))).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
});
