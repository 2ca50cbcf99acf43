import * as fc from "fast-check";
import { expect, test } from "vitest";
import { toServerTiming } from "../../../src/http/response/server-timing.ts";
import {
  askWith,
  makeApp,
  makeEnd,
  makeService,
  play,
  runStart,
  wantsEvents,
} from "../../support/app.ts";

const stage = (name: string, startMs: number, endMs: number) => ({
  stage: name,
  startMs,
  endMs,
  critical: false,
});
const timeline = [stage("embed", 0.3, 61), stage("search:guide/vector", 61, 70.1)];
const header = 'embed;dur=60.7, search;desc="guide/vector";dur=9.1, total;dur=70.1';

test("names each stage with its duration, and the whole", () => {
  expect(toServerTiming(timeline)).toBe(header);
  expect(toServerTiming([])).toBeUndefined();
});

test("is on a whole response, and not on a stream, which begins before it is known", async () => {
  const answer = play([runStart, makeEnd({ timeline })]);
  const app = makeApp(makeService({ answer }));
  const whole = await app.request("/v1/ask", askWith({ question: "Why?" }));
  expect(whole.headers.get("Server-Timing")).toBe(header);
  const stream = await app.request("/v1/ask", askWith({ question: "Why?" }, wantsEvents));
  expect(stream.headers.get("Server-Timing")).toBeNull();
});

test("whatever a stage is called, the header is one and short", () => {
  const entry = fc
    .tuple(fc.string({ unit: "binary", maxLength: 70 }), fc.nat(9_999), fc.nat(9_999))
    .map(([name, startMs, ms]) => stage(name, startMs, startMs + ms));
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 200 }), (entries) => {
      const written = toServerTiming(entries) ?? "";
      expect(written).toMatch(/^[\w";=/ .,?-]+$/);
      expect(written.length).toBeLessThan(4_096);
      expect(new Headers({ "Server-Timing": written }).get("Server-Timing")).toBe(written);
    }),
  );
});
