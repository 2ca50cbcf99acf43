/** `GET /livez`: the process answers. `GET /readyz`: it can take questions, and for which collections. */
import type { Context } from "hono";
import { toAppError } from "../errors.ts";
import { type CollectionView, inspectCollections } from "./inspect-collections.ts";
import type { Env, Service } from "./service.ts";

interface Readiness {
  readonly status: "ready" | "draining" | "store-unavailable";
  readonly collections: readonly {
    readonly name: string;
    readonly status: CollectionView["status"];
    /** Without its embedder a collection is searched by keyword only. */
    readonly embedderReady: boolean;
  }[];
}

export function createLiveRoute() {
  return (c: Context<Env>): Response => c.json({ status: "live" });
}

export function createReadyRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    const readiness = await toReadiness(service, c.req.raw.signal);
    return c.json(readiness, readiness.status === "ready" ? 200 : 503);
  };
}

async function toReadiness(service: Service, signal: AbortSignal): Promise<Readiness> {
  if (service.gate.draining) return { status: "draining", collections: [] };
  try {
    const views = await inspectCollections(service, signal);
    const collections = views.map((view) => ({
      name: view.name,
      status: view.status,
      embedderReady: view.status === "ready" && view.embedderReady,
    }));
    return { status: "ready", collections };
  } catch (thrown) {
    service.log.warn("store-unavailable", { code: toAppError(thrown).code });
    return { status: "store-unavailable", collections: [] };
  }
}
