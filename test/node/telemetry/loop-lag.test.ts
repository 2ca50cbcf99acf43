import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { createLoopLag } from "../../../src/node/telemetry/loop-lag.ts";

function block(ms: number): void {
  for (const untilMs = performance.now() + ms; performance.now() < untilMs;);
}

test("a blocked event loop shows, and is forgotten again", async () => {
  const read = createLoopLag(systemClock, 100, 50);
  for (let turn = 0; turn < 4; turn += 1) {
    block(300);
    await delay(1);
  }
  const busy = read();
  await delay(500);
  read();
  await delay(500);
  const calm = read();
  expect(busy).toBeGreaterThan(0.5);
  expect(calm).toBeLessThan(busy / 2);
});
