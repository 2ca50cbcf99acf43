/** `GET /v1/collections` and `GET /v1/collections/:name`: what can be asked. */
import type { Context } from "hono";
import { toAppError } from "../../errors.ts";
import {
  describeCollection,
  inspectCollections,
  orNameAll,
  toVisible,
} from "../inspect-collections.ts";
import type { Env, Service } from "../service.ts";

export function createCollectionsRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> =>
    c.json({
      collections: await inspectCollections(toVisible(service, c.get("caller")), c.req.raw.signal),
    });
}

export function createCollectionRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    const name = c.req.param("name") ?? "";
    const { signal } = c.req.raw;
    const visible = toVisible(service, c.get("caller"));
    try {
      return c.json(await orNameAll(describeCollection(visible, name, signal), visible, signal));
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code !== "collection_not_found") {
        service.log.warn("collection-failed", { collection: name, code: error.code });
      }
      throw error;
    }
  };
}
