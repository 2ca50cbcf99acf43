/** The Durable Object of one collection, or of one generation of it. Its calls are short and never wait for anything. */
import { DurableObject, type ObjectState } from "cloudflare:workers";
import type { CollectionSpec } from "../../domain/collection.ts";
import type { DocumentPage, DocumentPart } from "../../stores/store.ts";
import { createConsoleLog } from "../console-log.ts";
import { commit, lock, tidy, unlock, verify } from "./change-collection.ts";
import { Collection } from "./collection.ts";
import kernel from "../../stores/int8-scan.wasm";
import {
  type ChangeWire,
  type CollectionRpc,
  type CommitStep,
  type QueryWire,
  type Reply,
  reply,
  type Whole,
} from "./protocol.ts";
import { restore } from "./restore.ts";

export class CollectionObject extends DurableObject implements CollectionRpc {
  #collection: Collection;
  readonly #onBug: (thrown: unknown) => void;

  constructor(state: ObjectState, env: unknown) {
    super(state, env);
    this.#collection = new Collection(state.storage.sql, kernel);
    this.#onBug = (thrown) => createConsoleLog(env).error("object-failed", thrown);
  }

  async init(spec: CollectionSpec, isFirst: boolean) {
    return this.#change((collection) => collection.init(spec, isFirst, Date.now()));
  }

  async describe() {
    return this.#read((collection) => collection.describe());
  }

  async lock(writer: string) {
    return this.#change((collection) => {
      lock(collection, writer, Date.now());
      return collection.describe();
    });
  }

  async unlock(writer: string) {
    return this.#change((collection) => {
      unlock(collection, writer);
      return true as const;
    });
  }

  async commit(writer: string, change: ChangeWire, step: CommitStep | null) {
    return this.#change((collection) => {
      const nowMs = Date.now();
      lock(collection, writer, nowMs);
      return commit(this.ctx.storage.sql, collection, change, { step, nowMs });
    });
  }

  async restore(writer: string, version: number) {
    return this.#change((collection) => {
      lock(collection, writer, Date.now());
      return restore(this.ctx.storage.sql, collection, version);
    });
  }

  async show(whole: Whole) {
    return this.#change((collection) => collection.show(whole));
  }

  async tidy(writer: string) {
    return this.#change((collection) => {
      lock(collection, writer, Date.now());
      tidy(this.ctx.storage.sql, collection, Date.now());
      return collection.describe();
    });
  }

  async raise(version: number) {
    return this.#change((collection) => collection.raise(version));
  }

  async verify() {
    return this.#read((collection) => verify(this.ctx.storage.sql, collection));
  }

  async terms(version: number, text: string) {
    return this.#read((collection) => collection.terms(version, text));
  }

  async search(version: number, query: QueryWire) {
    return this.#read((collection) => collection.search(version, query));
  }

  async take(rows: readonly string[]) {
    return this.#read((collection) => collection.take(rows));
  }

  async rowsOf(version: number, part: DocumentPart) {
    return this.#read((collection) => collection.rowsOf(version, part));
  }

  async documents(version: number, page: DocumentPage) {
    return this.#read((collection) => collection.documents(version, page));
  }

  async documentsOf(ids: readonly string[]) {
    return this.#read((collection) => collection.documentsOf(ids));
  }

  async retire(delayMs: number): Promise<Reply<true>> {
    await this.ctx.storage.setAlarm(Date.now() + delayMs);
    return { value: true };
  }

  /** Called by the runtime at the time that `retire` has set. */
  async alarm(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#collection.forget();
  }

  #read<T>(work: (collection: Collection) => T): Reply<T> {
    return reply(() => {
      void this.#collection.state; // an object without a collection says so, whatever is asked
      return work(this.#collection);
    }, this.#onBug);
  }

  #change<T>(work: (collection: Collection) => T): Reply<T> {
    const result = reply(
      () => this.ctx.storage.transactionSync(() => work(this.#collection)),
      this.#onBug,
    );
    if ("error" in result) this.#collection.forget();
    return result;
  }
}
