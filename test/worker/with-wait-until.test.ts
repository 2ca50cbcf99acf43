/** How long the platform is asked to keep a request: until its run is over, and what is sent of it then has been sent. */
import { expect, test } from "vitest";
import { createRunGate } from "../../src/http/admission/run-gate.ts";
import { withWaitUntil } from "../../src/worker/with-wait-until.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

const entrant = { callerId: "a", signal: new AbortController().signal, deadlineMs: 60_000 };

function setUp(limits: { readonly queueMax: number }) {
  const inner = createRunGate({
    clock: createFakeClock(),
    runsMax: 1,
    callerRunsMax: 9,
    queueTimeoutMs: 500,
    ...limits,
  });
  const kept: ("kept" | "let go")[] = [];
  const sent = Promise.withResolvers<void>();
  let sendings = 0;
  const gate = withWaitUntil(
    inner,
    (work) => {
      const at = kept.push("kept") - 1;
      void work.then(() => (kept[at] = "let go"));
    },
    () => {
      sendings += 1;
      return sent.promise;
    },
  );
  return { gate, kept, sent, sendings: () => sendings };
}

test("a request is kept from its entry until its run has left and what was noted of it is sent", async () => {
  const { gate, kept, sent, sendings } = setUp({ queueMax: 1 });
  const ticket = await gate.enter(entrant);
  await settle();
  expect([kept, sendings()]).toEqual([["kept"], 0]);
  ticket.leave();
  await settle();
  expect([kept, sendings()]).toEqual([["kept"], 1]);
  sent.resolve();
  await settle();
  expect(kept).toEqual(["let go"]);
});

test("a request that gets no place is not kept for ever", async () => {
  const { gate, kept, sent } = setUp({ queueMax: 0 });
  sent.resolve();
  await gate.enter(entrant);
  await expect(gate.enter(entrant)).rejects.toMatchObject({ code: "overloaded" });
  await settle();
  expect(kept).toEqual(["kept", "let go"]);
});
