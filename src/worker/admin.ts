/** `/v1/admin`: writing collections, for those who hold the token. Ingest itself runs elsewhere and pushes what it made. */
import type { Context, Hono } from "hono";
import type * as z from "zod";
import { AppError } from "../errors.ts";
import { parseInput } from "../http/request/issues.ts";
import { readJson } from "../http/request/read-json.ts";
import { readText } from "../http/request/read-text.ts";
import type { Env } from "../http/service.ts";
import type { WriteStore } from "../stores/store.ts";
import { misconfigured } from "./misconfigured.ts";
import type { Pushes, PushName } from "./durable/pushes.ts";
import { parsePushLines, PushEnd, PushStart } from "../stores/push-format.ts";
import { isSameDigest, toSha256 } from "../text/digest.ts";

export interface AdminDeps {
  /** Undefined: nobody may. */
  readonly token: string | undefined;
  readonly pushes: Pushes;
  readonly store: WriteStore;
}

/** One batch. The platform gives an isolate 128 MB for everything. */
const BATCH_BYTES_MAX = 12 * 2 ** 20;
const SMALL_BYTES_MAX = 64 * 1024;
const PAGE_MAX = 2_000;

export function addAdminRoutes(app: Hono<Env>, { token, pushes, store }: AdminDeps): void {
  const base = "/v1/admin/collections/:name/pushes";
  app.use("/v1/admin/*", async (c, next) => {
    await checkToken(c.req.header("Authorization"), token);
    await next();
  });
  app.delete("/v1/admin/collections/:name", async (c) => {
    const collection = c.req.param("name");
    await store.drop(collection, c.req.raw.signal);
    return c.json({ collection, dropped: true });
  });
  app.post("/v1/admin/collections/:name/rollback", async (c) =>
    c.json(await store.generations?.rollback(c.req.param("name"), c.req.raw.signal)),
  );
  app.post(base, async (c) => {
    const start = await readBody(c, PushStart);
    if (start.spec.name !== c.req.param("name")) {
      throw new AppError("invalid_request", { detail: "the spec is of another collection" });
    }
    return c.json(await pushes.begin(start, c.req.raw.signal));
  });
  app.get(`${base}/:key/documents`, async (c) => {
    const after = c.req.query("after");
    const page = { limit: PAGE_MAX, ...(after === undefined ? {} : { after }) };
    const found = await pushes.documents(toName(c), page, c.req.raw.signal);
    return c.json({ documents: found.map(({ id, hash }) => ({ id, hash })) });
  });
  app.post(`${base}/:key/documents`, async (c) => {
    const documents = parsePushLines(await readText(c.req.raw, BATCH_BYTES_MAX));
    const { chunksAdded } = await pushes.add(toName(c), documents, c.req.raw.signal);
    return c.json({ chunksAdded });
  });
  app.post(`${base}/:key/publish`, async (c) => {
    const whole = await readBody(c, PushEnd);
    return c.json(await pushes.publish(toName(c), whole, c.req.raw.signal));
  });
}

function toName(c: Context<Env>): PushName {
  return { collection: c.req.param("name") ?? "", key: c.req.param("key") ?? "" };
}

async function readBody<T>(c: Context<Env>, schema: z.ZodType<T>): Promise<T> {
  return parseInput(schema, await readJson(c, SMALL_BYTES_MAX));
}

/** Throws AppError: misconfigured without a token to compare with, unauthenticated. */
async function checkToken(header: string | undefined, token: string | undefined): Promise<void> {
  if (token === undefined) {
    throw misconfigured("ADMIN_TOKEN is not set: nothing can be written here until it is");
  }
  const given = /^Bearer (.+)$/i.exec(header ?? "")?.[1] ?? "";
  // Digests of both in whole: a token may be longer than any key, and one that is cut is another one.
  if (isSameDigest(await toSha256(given), await toSha256(token))) return;
  throw new AppError("unauthenticated", {
    detail: "send the Worker's ADMIN_TOKEN as Authorization: Bearer",
  });
}
