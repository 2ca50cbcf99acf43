import { expect, test } from "vitest";
import { AppError } from "../../src/errors.ts";
import { createReadiness } from "../../src/http/readiness.ts";
import { listStore, makeInfo, makeService } from "../support/app.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

/**
 * A store whose list answers as the test says; `hang` waits for its signal, as one behind a long queue does,
 * and `lost` for nothing: what it waited for went with the request that asked.
 */
function create() {
  const clock = createFakeClock();
  const state: { list: "ok" | "hang" | "lost" | "broken"; looks: number } = {
    list: "ok",
    looks: 0,
  };
  const store = listStore({ guide: makeInfo("guide") });
  const service = makeService({
    clock,
    store: {
      ...store,
      list(signal) {
        state.looks += 1;
        if (state.list === "ok") return store.list(signal);
        if (state.list === "lost") return new Promise(() => undefined);
        if (state.list === "broken") return Promise.reject(new AppError("store_unavailable"));
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        });
      },
    },
  });
  return { clock, state, service, read: createReadiness(service) };
}

/** What is read when the time for a newer view is over. */
async function readLate({ clock, read }: Pick<ReturnType<typeof create>, "clock" | "read">) {
  const view = read();
  await clock.advance(100);
  return view;
}

test("the store is looked at once for all who ask within a second", async () => {
  const { state, clock, read } = create();
  const views = await Promise.all(Array.from({ length: 20 }, read));
  expect(views.map(({ status }) => status)).toEqual(views.map(() => "ready"));
  await read();
  expect(state.looks).toBe(1);
  await clock.advance(1_000);
  await read();
  expect(state.looks).toBe(2);
});

test("with a store that has no time, the last view is given soon, and for a while only", async () => {
  const { state, clock, read } = create();
  await read();
  state.list = "hang";
  await clock.advance(1_000);
  let view: string | undefined;
  let why: string | undefined;
  void read().then(({ status }) => (view = status));
  await clock.advance(99);
  expect(view).toBeUndefined();
  await clock.advance(1);
  expect(view).toBe("ready");
  await clock.advance(30_000);
  void read().then(({ status, detail }) => ([view, why] = [status, detail]));
  await clock.advance(2_000);
  expect(view).toBe("store-unavailable");
  expect(why).toContain("HEALTH_TIMEOUT_MS");
  expect(clock.pending).toBe(0);
});

test("a look that never ends is given up, and another one begun", async () => {
  const { state, clock, read } = create();
  await read();
  state.list = "lost";
  await clock.advance(1_000);
  void read();
  state.list = "broken";
  await clock.advance(9_999);
  expect((await readLate({ read, clock })).status).toBe("ready");
  expect((await readLate({ read, clock })).status).toBe("store-unavailable");
});

test("a store that is broken shows at the next look, and so does that it drains", async () => {
  const { state, clock, read, service } = create();
  await read();
  state.list = "broken";
  await clock.advance(1_000);
  expect((await read()).status).toBe("store-unavailable");
  state.list = "ok";
  await clock.advance(1_000);
  expect((await read()).status).toBe("ready");
  service.gate.drain();
  expect((await read()).status).toBe("draining");
  await settle();
});
