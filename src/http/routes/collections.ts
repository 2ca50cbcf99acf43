/** `GET /v1/collections` and `GET /v1/collections/:name`: what can be asked. */
import type { Context } from "hono";
import { toAppError } from "../../errors.ts";
import { orNameAll } from "../../domain/or-name-all.ts";
import {
  describeCollection,
  inspectCollections,
  listCollections,
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
      const describing = describeCollection(visible, name, signal);
      return c.json(await orNameAll(describing, () => listCollections(visible, signal)));
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code !== "collection_not_found") {
        service.log.warn("collection-failed", { collection: name, code: error.code });
      }
      throw error;
    }
  };
}
