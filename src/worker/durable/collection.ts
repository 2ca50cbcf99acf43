/** One collection in one SQLite database: reading it at a version, and changing it a commit at a time. */
import type { Hit } from "../../domain/hit.ts";
import type { SqlStorage } from "cloudflare:workers";
import type { CollectionSpec } from "../../domain/collection.ts";
import type { Filter } from "../../domain/filter.ts";
import { AppError } from "../../errors.ts";
import type { DocumentPage, DocumentPart, DocumentState } from "../../stores/store.ts";
import { encodeText } from "./encode.ts";
import { type FilterSql, toFilterSql, toSlotsSql } from "./filter-sql.ts";
import { countTerms, searchWords } from "./keyword-index.ts";
import type { PartInfo, QueryWire, TermsWire, Whole } from "./protocol.ts";
import { createTables, readState, type State, toBlockCount, writeState } from "./tables.ts";
import { loadVectorIndex, type VectorIndex } from "./vector-index.ts";

export class Collection {
  readonly #sql: SqlStorage;
  readonly #kernel: WebAssembly.Module;
  #state: State | undefined;
  #vectors: VectorIndex | undefined;

  constructor(sql: SqlStorage, kernel: WebAssembly.Module) {
    this.#sql = sql;
    this.#kernel = kernel;
  }

  /** Throws AppError collection_not_found. */
  get state(): State {
    this.#state ??= readState(this.#sql);
    if (this.#state === undefined) {
      throw new AppError("collection_not_found", {
        detail: "there is no such collection any more",
      });
    }
    return this.#state;
  }

  /** What a commit changed; whatever was in memory is read anew when it is needed. */
  replace(state: State): void {
    writeState(this.#sql, state);
    if (state.version !== this.#state?.version) this.#vectors = undefined;
    this.#state = state;
  }

  /** After a transaction that was undone, memory must not know more than the database. */
  forget(): void {
    this.#state = undefined;
    this.#vectors = undefined;
  }

  /** An object that holds a collection keeps it. `isFirst`: of several. */
  init(spec: CollectionSpec, isFirst: boolean, nowMs: number): PartInfo {
    if (readState(this.#sql) === undefined) {
      const empty = { version: 1, documents: 0, chunks: 0, terms: 0 };
      createTables(this.#sql, spec);
      this.replace({
        spec,
        ...empty,
        ...(isFirst ? { whole: empty } : {}),
        rows: 0,
        nextSlot: 0,
        committedAtMs: nowMs,
        lock: null,
      });
    }
    return this.describe();
  }

  describe(): PartInfo {
    const { state } = this;
    const { spec, version, documents, chunks, committedAtMs, terms, whole } = state;
    const { blocks } = this.#sql
      .exec<{ blocks: number }>("SELECT count(*) AS blocks FROM blocks")
      .one();
    return {
      ...spec,
      version,
      documents,
      chunks,
      committedAtMs,
      terms: terms ?? null,
      whole: whole ?? null,
      isDamaged: blocks < toBlockCount(state),
    };
  }

  /** Has readers see what the objects hold now, or what the first of them shows; never again what was before. */
  show(whole: Whole): PartInfo {
    const { state } = this;
    if (state.whole !== undefined && state.whole.version > whole.version) return this.describe();
    this.replace({ ...state, version: Math.max(state.version, whole.version), whole });
    return this.describe();
  }

  /** Has the next version be later than this one. */
  raise(version: number): PartInfo {
    const { state } = this;
    const { whole } = state;
    if (whole !== undefined && whole.version <= version) {
      return this.show({ ...whole, version: version + 1 });
    }
    if (state.version <= version) this.replace({ ...state, version: version + 1 });
    return this.describe();
  }

  terms(version: number, text: string): TermsWire {
    return countTerms(this.#sql, this.state, version, text);
  }

  search(version: number, query: QueryWire): readonly Hit[] {
    const { state } = this;
    const { limit } = query;
    const filter =
      query.filter === null ? undefined : toFilterSql(JSON.parse(query.filter) as Filter);
    if (query.type === "keyword") {
      const { terms, chunkTerms } = query;
      return searchWords(this.#sql, state, { version, terms, limit, filter, chunkTerms });
    }
    this.#vectors ??= loadVectorIndex(this.#sql, state, this.#kernel);
    const allowed = filter === undefined ? undefined : this.#findSlots(filter);
    return this.#vectors.search(new Float32Array(query.vector), { version, limit, allowed });
  }

  *#findSlots(filter: FilterSql): Generator<number> {
    const rows = this.#sql.exec<{ slots: string }>(toSlotsSql(filter), filter.values);
    for (const { slots } of rows) yield* JSON.parse(slots) as number[];
  }

  take(rows: readonly string[]): readonly (string | null)[] {
    const found = this.#sql.exec<{ slot: number; json: string }>(
      "SELECT slot, json FROM chunks WHERE slot IN (SELECT value FROM json_each(?))",
      JSON.stringify(rows.map(Number)),
    );
    const bySlot = new Map(found.toArray().map(({ slot, json }) => [String(slot), json]));
    return rows.map((row) => bySlot.get(row) ?? null);
  }

  rowsOf(version: number, { documentId, from, limit }: DocumentPart): readonly string[] {
    const rows = this.#sql.exec<{ slot: number }>(
      `SELECT slot FROM chunks WHERE "field_documentId" = ?1 AND position >= ?2
       AND born <= ?3 AND (died IS NULL OR died > ?3) ORDER BY position LIMIT ?4`,
      encodeText(documentId),
      from,
      version,
      limit,
    );
    return rows.toArray().map(({ slot }) => String(slot));
  }

  documents(version: number, { after, from, limit }: DocumentPage): readonly DocumentState[] {
    const bound = after === undefined ? "id >= ?1" : "id > ?1";
    const rows = this.#sql.exec<{ json: string }>(
      `SELECT json FROM documents WHERE ${bound} AND born <= ?2 AND (died IS NULL OR died > ?2)
       ORDER BY id LIMIT ?3`,
      encodeText(after ?? from ?? ""),
      version,
      limit,
    );
    return rows.toArray().map(({ json }) => JSON.parse(json) as DocumentState);
  }

  documentsOf(ids: readonly string[]): readonly DocumentState[] {
    const rows = this.#sql.exec<{ json: string }>(
      "SELECT json FROM documents WHERE died IS NULL AND id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids.map(encodeText)),
    );
    return rows.toArray().map(({ json }) => JSON.parse(json) as DocumentState);
  }
}
