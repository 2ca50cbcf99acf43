/** The Durable Object that knows which collections there are, and which object readers are shown for each. */
import { DurableObject, type ObjectState, type SqlStorage } from "cloudflare:workers";
import { AppError } from "../../errors.ts";
import { collectionNotFound } from "../../stores/check.ts";
import { createConsoleLog } from "../console-log.ts";
import { toObjectName } from "./parts.ts";
import { type Entry, type EntryAfter, type RegistryRpc, reply } from "./protocol.ts";

export class RegistryObject extends DurableObject implements RegistryRpc {
  readonly #onBug: (thrown: unknown) => void;

  constructor(state: ObjectState, env: unknown) {
    super(state, env);
    this.#onBug = (thrown) => createConsoleLog(env).error("registry-failed", thrown);
    state.storage.sql.exec(`CREATE TABLE IF NOT EXISTS collections(name TEXT PRIMARY KEY,
        current TEXT, currentKey TEXT, pending TEXT, pendingKey TEXT, previous TEXT);
      CREATE TABLE IF NOT EXISTS objects(number INTEGER PRIMARY KEY AUTOINCREMENT);
      CREATE TABLE IF NOT EXISTS given_up(object TEXT PRIMARY KEY)`);
  }

  async entries() {
    return this.#step((sql) => readEntries(sql));
  }

  async create(name: string, count: number) {
    return this.#step((sql) => {
      if (typeof find(sql, name)?.current === "string") {
        throw new AppError("invalid_request", { detail: `collection ${name} exists already` });
      }
      return write(sql, {
        ...(find(sql, name) ?? toEmpty(name)),
        current: nextObject(sql, name, count),
      });
    });
  }

  async begin(name: string, key: string, count: number, before?: string | null) {
    return this.#step((sql) => {
      const entry = find(sql, name) ?? toEmpty(name);
      if (entry.pending !== null && entry.pendingKey === key) return withGivenUp(sql, entry);
      const isShownSince = entry.currentKey === key && entry.current !== before;
      if (before !== undefined && isShownSince) return withGivenUp(sql, entry);
      giveUp(sql, entry.pending);
      const pending = nextObject(sql, name, count);
      return withGivenUp(sql, write(sql, { ...entry, pending, pendingKey: key }));
    });
  }

  async publish(name: string, object: string) {
    return this.#step((sql) => {
      const entry = find(sql, name);
      if (entry?.current === object) return withGivenUp(sql, entry);
      if (entry?.pending !== object) {
        throw new AppError("ingest_locked", {
          detail: `another push of collection ${name} took the place of this one`,
        });
      }
      const { current, previous, pendingKey } = entry;
      const next = { ...toEmpty(name), current: object, currentKey: pendingKey, previous: current };
      giveUp(sql, previous);
      return withGivenUp(sql, write(sql, next));
    });
  }

  async rollback(name: string) {
    return this.#step((sql) => {
      const entry = find(sql, name);
      if (typeof entry?.current !== "string") throw collectionNotFound(name);
      if (entry.previous === null) {
        throw new AppError("not_found", {
          detail: `collection ${name} has no generation before the present one`,
        });
      }
      const { current, previous } = entry;
      return write(sql, { ...entry, current: previous, currentKey: null, previous: current });
    });
  }

  async remove(name: string) {
    return this.#step((sql) => {
      const entry = find(sql, name);
      if (entry === undefined) throw collectionNotFound(name);
      sql.exec("DELETE FROM collections WHERE name = ?", name);
      giveUp(sql, entry.current, entry.pending, entry.previous);
      return withGivenUp(sql, entry);
    });
  }

  async retired(object: string) {
    return this.#step((sql) => {
      sql.exec("DELETE FROM given_up WHERE object = ?", object);
      return true as const;
    });
  }

  #step<T>(work: (sql: SqlStorage) => T) {
    const { storage } = this.ctx;
    return reply(() => storage.transactionSync(() => work(storage.sql)), this.#onBug);
  }
}

type Row = { [Name in keyof Entry]: Entry[Name] };

function readEntries(sql: SqlStorage): readonly Entry[] {
  return sql.exec<Row>("SELECT * FROM collections ORDER BY name").toArray();
}

function find(sql: SqlStorage, name: string): Entry | undefined {
  return sql.exec<Row>("SELECT * FROM collections WHERE name = ?", name).toArray()[0];
}

function write(sql: SqlStorage, entry: Entry): Entry {
  const { name, current, currentKey, pending, pendingKey, previous } = entry;
  sql.exec(
    "INSERT OR REPLACE INTO collections(name, current, currentKey, pending, pendingKey, previous) VALUES (?, ?, ?, ?, ?, ?)",
    name,
    current,
    currentKey,
    pending,
    pendingKey,
    previous,
  );
  return entry;
}

/** Nobody will be shown these any more. */
function giveUp(sql: SqlStorage, ...objects: readonly (string | null)[]): void {
  for (const object of objects) {
    if (object !== null) sql.exec("INSERT OR IGNORE INTO given_up(object) VALUES (?)", object);
  }
}

function withGivenUp(sql: SqlStorage, entry: Entry): EntryAfter {
  const rows = sql.exec<{ object: string }>("SELECT object FROM given_up ORDER BY rowid").toArray();
  return { ...entry, givenUp: rows.map(({ object }) => object) };
}

/** A name that no object has had before, so that what is given up never comes back under it. */
function nextObject(sql: SqlStorage, name: string, count: number): string {
  const { number } = sql
    .exec<{ number: number }>("INSERT INTO objects DEFAULT VALUES RETURNING number")
    .one();
  return toObjectName(name, number, count);
}

function toEmpty(name: string): Entry {
  return { name, current: null, currentKey: null, pending: null, pendingKey: null, previous: null };
}
