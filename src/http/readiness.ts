/** Whether the service can take questions, known without waiting behind the questions it is answering. */
import { startDeadline } from "../async/deadline.ts";
import { NEVER } from "../async/never.ts";
import { untilAborted } from "../async/until-aborted.ts";
import type * as z from "zod";
import type { ErrorCode } from "../errors.ts";
import type { Readiness as ReadinessBody } from "./openapi/bodies.ts";
import { type CollectionView, explain, inspectCollections } from "./inspect-collections.ts";
import type { Service } from "./service.ts";

/** What is known of the store; of keys and limits its route knows. */
export type Readiness = Omit<z.infer<typeof ReadinessBody>, "keys" | "limits">;

/** A view younger than this is given without looking again. */
const FRESH_MS = 1_000;
/** With a view at hand, nobody waits longer than this for a newer one. */
const WAIT_MS = 100;
/** A view is given at most this long while looking again comes to nothing. */
const STALE_MS_MAX = 30_000;
/** A look that has come to nothing for so long was cut off with the request that began it. */
const LOOK_MS_MAX = 10_000;
/** A store that is busy is not broken. */
const BUSY: ReadonlySet<ErrorCode> = new Set(["deadline_exceeded", "overloaded"]);

type Deps = Pick<
  Service,
  "config" | "clock" | "store" | "embedders" | "log" | "gate" | "keepAlive"
>;

/** Creates a look at the store that is shared by everyone who asks. */
export function createReadiness(deps: Deps): () => Promise<Readiness> {
  const { clock, gate, keepAlive } = deps;
  let last: { readonly view: Readiness; readonly atMs: number } | undefined;
  let looking: { readonly result: Promise<Readiness>; readonly sinceMs: number } | undefined;

  const look = async (): Promise<Readiness> => {
    const { view, isBusy } = await inspect(deps);
    // What was true a moment ago says more than a store that has no time to answer.
    if (isBusy && last !== undefined && clock.now() - last.atMs < STALE_MS_MAX) return last.view;
    last = { view, atMs: clock.now() };
    return view;
  };
  const join = (): Promise<Readiness> => {
    const sinceMs = clock.now();
    if (looking !== undefined && sinceMs - looking.sinceMs < LOOK_MS_MAX) return looking.result;
    const result = look().finally(() => {
      if (looking?.result === result) looking = undefined;
    });
    looking = { result, sinceMs };
    keepAlive?.(result);
    return result;
  };
  return async () => {
    if (gate.draining) return { status: "draining", collections: [] };
    const ageMs = clock.now() - (last?.atMs ?? Number.NEGATIVE_INFINITY);
    if (last !== undefined && ageMs < FRESH_MS) return last.view;
    const result = join();
    if (last === undefined || ageMs >= STALE_MS_MAX) return result;
    const { view } = last;
    // The look runs on for those who ask next, within its own budget.
    using deadline = startDeadline({ clock, budgetMs: WAIT_MS });
    return await untilAborted(result, deadline.signal).catch(() => view);
  };
}

/** Never throws; `isBusy`: some of it could not be looked at in time. */
async function inspect(deps: Deps): Promise<{ view: Readiness; isBusy: boolean }> {
  try {
    const views = await inspectCollections(deps, NEVER);
    const isBusy = views.some((view) => view.status === "unavailable" && BUSY.has(view.code));
    return { view: { status: "ready", collections: views.map(toEntry) }, isBusy };
  } catch (thrown) {
    const why = explain(thrown, deps.config);
    deps.log.warn("store-unavailable", { code: why.code });
    const view: Readiness = { status: "store-unavailable", collections: [], ...why };
    return { view, isBusy: BUSY.has(why.code) };
  }
}

function toEntry(view: CollectionView): Readiness["collections"][number] {
  const { name, status } = view;
  if (view.status === "unavailable") {
    const { code, detail } = view;
    const why = { code, ...(detail === undefined ? {} : { detail }) };
    return { name, status, embedderReady: false, ...why };
  }
  const { embedder, embedderReady, lost } = view;
  const missing = embedderReady ? {} : { embedder };
  return lost === undefined
    ? { name, status, embedderReady, ...missing }
    : { name, status: "incomplete", embedderReady, ...missing, lost };
}
