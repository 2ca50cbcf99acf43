/** `/v1/table/*`, and their list in a namespace: LanceDB's clients read the collections, each with the key of a caller who may. */
import type { Context, Hono } from "hono";
import { toVisibleStore } from "../../access/visible-store.ts";
import type { Clock } from "../../async/clock.ts";
import { type Deadline, startDeadline } from "../../async/deadline.ts";
import type { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import type { ReadStore } from "../../stores/store.ts";
import { createMethodRefusal } from "../guards/guards.ts";
import { readJson } from "../request/read-json.ts";
import type { Env } from "../service.ts";
import { parseCounting, parseQuery } from "./parse-query.ts";
import type { LanceTables, TableRef } from "./tables.ts";

export interface LanceGateway {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: ReadStore;
  readonly tables: LanceTables;
}

/** `find` is called behind the body: what the caller may see may have changed while it arrived. */
type Answer = (
  c: Context<Env>,
  find: () => Promise<TableRef>,
  deadline: Deadline,
) => Promise<Response>;

/** The first version of LanceDB's server whose clients send full-text queries with weights. */
const PROTOCOL = { "phalanx-version": "0.3.0" };
const ARROW_FILE = "application/vnd.apache.arrow.file";
const LIST_MAX = 10_000;
/** `guide.terms` are the statistics of `guide`; names of collections hold no dot. */
const TERMS = ".terms";
/** What newer clients list the tables of. */
const ROOT_NAMESPACE = "$";

/** Adds the addresses. What is not read there is refused by name. */
export function addLanceRoutes(app: Hono<Env>, gateway: LanceGateway): void {
  const answers = createAnswers(gateway);
  const list = createListRoute(gateway);
  for (const path of ["/v1/table", "/v1/table/"]) {
    app.get(path, list).all(createMethodRefusal("GET"));
  }
  app.get("/v1/namespace/:id/table/list", (c) => {
    if (c.req.param("id") === ROOT_NAMESPACE) return list(c);
    throw new AppError("not_found", { detail: "there are no namespaces but the root: $" });
  });
  app
    .post("/v1/table/:name/:operation{.+}", async (c) => {
      const operation = c.req.param("operation").replace(/\/$/, "");
      const answer = Object.hasOwn(answers, operation) ? answers[operation] : undefined;
      if (answer === undefined) {
        throw new AppError("unsupported_option", {
          detail: `tables are read here and not changed: ${Object.keys(answers).join(", ")}`,
        });
      }
      using deadline = startRequest(gateway, c);
      return await answer(c, () => findTable(gateway, c, deadline.signal), deadline);
    })
    .all(createMethodRefusal("POST"));
}

function createListRoute(gateway: LanceGateway) {
  return async (c: Context<Env>): Promise<Response> => {
    using deadline = startRequest(gateway, c);
    const visible = toVisibleStore(gateway.store, c.get("caller"));
    const names = await visible.list(deadline.signal);
    const { limit = "", page_token: after = "" } = c.req.query();
    const most = /^[1-9]\d{0,15}$/.test(limit) ? Math.min(Number(limit), LIST_MAX) : LIST_MAX;
    const rest = names.filter((name) => name > after);
    const tables = rest.slice(0, most);
    const more = rest.length > most ? { page_token: tables.at(-1) } : {};
    return c.json({ tables, ...more }, 200, PROTOCOL);
  };
}

function createAnswers({ config, tables }: LanceGateway): Readonly<Record<string, Answer>> {
  const read = async (c: Context<Env>): Promise<unknown> =>
    // A client that wants the newest version of a table sends nothing at all.
    c.req.header("Content-Type") === undefined ? {} : readJson(c, config.lanceGatewayBodyBytesMax);
  return {
    async describe(c, find, { signal }) {
      const body = await read(c);
      const table = await find();
      const { version } = parseCounting(body);
      const { version: found, schema } = await tables.describe(at(table, version), signal);
      const told = { table: c.req.param("name"), version: found, schema, stats: NO_STATS };
      return c.json(told, 200, toHeaders(found));
    },
    async count_rows(c, find, { signal }) {
      const body = await read(c);
      const table = await find();
      const { version, filter } = parseCounting(body);
      return c.json(await tables.count(at(table, version), filter, signal), 200, PROTOCOL);
    },
    async query(c, find, deadline) {
      const body = await read(c);
      const table = await find();
      const { version, query } = parseQuery(body);
      const timeoutMs = Math.max(1, Math.floor(deadline.remainingMs()));
      const { version: found, file } = await tables
        .query(at(table, version), { ...query, timeoutMs }, deadline.signal)
        .catch((thrown: unknown) => {
          throw sayTime(thrown, toBudgetMs(config, c));
        });
      const headers = { ...toHeaders(found), "Content-Type": ARROW_FILE };
      return new Response(file as Uint8Array<ArrayBuffer>, { headers });
    },
    async "version/list"(c, find, { signal }) {
      const found = await tables.versions(await find(), signal);
      const versions = found.map(({ version, committedAtMs }) => ({
        version,
        timestamp: new Date(committedAtMs).toISOString(),
        metadata: {},
      }));
      return c.json({ versions }, 200, PROTOCOL);
    },
  };
}

/** Clients want to hear something of them. */
const NO_STATS = { num_deleted_rows: 0, num_fragments: 1 };

function at(table: TableRef, version: number | undefined): TableRef {
  return version === undefined ? table : { ...table, version };
}

function toHeaders(version: number): Record<string, string> {
  return { ...PROTOCOL, "x-lancedb-version": String(version) };
}

function startRequest({ config, clock }: LanceGateway, c: Context<Env>): Deadline {
  return startDeadline({ clock, budgetMs: toBudgetMs(config, c), parent: c.req.raw.signal });
}

/** What the client waits, within the setting. */
function toBudgetMs({ lanceGatewayTimeoutMs }: Config, c: Context<Env>): number {
  const header = c.req.header("x-request-timeout-ms");
  const asked = header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : Infinity;
  return Math.max(1, Math.min(asked, lanceGatewayTimeoutMs));
}

/** A query that took too long may be one that brings too much. */
function sayTime(thrown: unknown, budgetMs: number): unknown {
  if (!(thrown instanceof AppError) || thrown.code !== "deadline_exceeded") return thrown;
  return new AppError("deadline_exceeded", {
    detail: `the rows were not there after ${budgetMs} ms, which is what the client waits or LANCE_GATEWAY_TIMEOUT_MS; ask for fewer rows or columns`,
    cause: thrown,
  });
}

/** Which table is meant. Throws AppError collection_not_found for one that this caller may not see. */
async function findTable(
  { store }: LanceGateway,
  c: Context<Env>,
  signal: AbortSignal,
): Promise<TableRef> {
  const name = c.req.param("name") ?? "";
  const part = name.endsWith(TERMS) ? "terms" : "chunks";
  const collection = part === "terms" ? name.slice(0, -TERMS.length) : name;
  await toVisibleStore(store, c.get("caller")).open(collection, signal);
  return { collection, part };
}
