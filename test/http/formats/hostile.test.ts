/** Whatever is put where into a body, a foreign format answers in its own words, and nothing of ours breaks. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { askWith, makeApp, makeService } from "../../support/app.ts";

const turn = { role: "user", content: "x", parts: [{ type: "text", text: "x" }], id: "1" };
const rich = {
  model: "tributary/guide",
  messages: [
    { ...turn, role: "system" },
    { ...turn, content: [{ type: "text", text: "x" }] },
    { ...turn, role: "assistant" },
    turn,
  ],
  stream: false,
  stream_options: { include_usage: true },
  response_format: { type: "text" },
  tributary: { retrieval: { passagesMax: 2 }, collections: ["guide"] },
};
const ui = { id: "c", trigger: "submit-message", messages: rich.messages, collections: ["guide"] };

const NAMES = ["__proto__", "constructor", "toString", "question", "caller", "filter", "n"];
const hostile = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  fc.constantFrom(...NAMES, "", "\u0000", "\ud800", "a".repeat(5_000), -1, 1e308, null, [[[]]], {}),
);
type Json = Record<string, unknown>;

/** The body with one place replaced by, or given, something hostile. */
const mutated = (body: object): fc.Arbitrary<Json> =>
  fc
    .tuple(fc.array(fc.nat(20), { maxLength: 5 }), hostile, fc.option(fc.constantFrom(...NAMES)))
    .map(([path, value, name]) => {
      const copy = structuredClone(body) as Json;
      let at: Json = copy;
      for (const step of path.slice(0, -1)) {
        const keys = Object.keys(at);
        const next = at[keys[step % Math.max(1, keys.length)] ?? ""];
        if (typeof next !== "object" || next === null) break;
        at = next as Json;
      }
      const keys = Object.keys(at);
      const key = name ?? keys[(path.at(-1) ?? 0) % Math.max(1, keys.length)] ?? "x";
      Object.defineProperty(at, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return copy;
    });

const routes = [
  { path: "/v1/chat/completions", body: rich, isOwn: isOpenAiError },
  { path: "/v1/chat", body: ui, isOwn: isSentence },
];
test.each(routes)("$path", async ({ path, body, isOwn }) => {
  const service = makeService();
  const app = makeApp(service);
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(mutated(body), async (sent) => {
      const response = await app.request(path, askWith(sent));
      const text = await response.text();
      seen.add(response.status);
      expect(response.status).toBeLessThan(500);
      expect(response.status < 400 || isOwn(response, text)).toBe(true);
    }),
    { numRuns: 400 },
  );
  expect(service.log.lines.filter((line) => line.includes("request-failed"))).toEqual([]);
  expect([...seen]).toEqual(expect.arrayContaining([200, 400]));
});

function isOpenAiError(response: Response, text: string): boolean {
  const { error } = JSON.parse(text) as { error?: Json };
  return (
    response.headers.get("Content-Type") === "application/json" &&
    typeof error?.["message"] === "string" &&
    typeof error["code"] === "string" &&
    error["type"] === "invalid_request_error" &&
    (error["param"] === null || typeof error["param"] === "string")
  );
}

function isSentence(response: Response, text: string): boolean {
  return (
    response.headers.get("Content-Type")?.startsWith("text/plain") === true &&
    text.length > 3 &&
    !text.startsWith("{") &&
    response.headers.get("X-Error-Code") !== null
  );
}
