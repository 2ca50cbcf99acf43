/** What the Worker uses of its runtime; the rest of it is not for us. */

declare module "cloudflare:workers" {
  export interface SqlCursor<Row> extends Iterable<Row> {
    toArray(): Row[];
    one(): Row;
  }
  export type SqlValue = string | number | null | ArrayBuffer | Uint8Array;
  export interface SqlStorage {
    exec<Row extends Record<string, SqlValue>>(
      query: string,
      ...bindings: SqlValue[]
    ): SqlCursor<Row>;
    readonly databaseSize: number;
  }
  export interface ObjectState {
    readonly storage: {
      readonly sql: SqlStorage;
      /** All of it or nothing. */
      transactionSync<T>(work: () => T): T;
      setAlarm(timeMs: number): Promise<void>;
      deleteAlarm(): Promise<void>;
      deleteAll(): Promise<void>;
    };
  }
  export abstract class DurableObject {
    constructor(state: ObjectState, env: unknown);
    protected readonly ctx: ObjectState;
  }
  /** Keeps the request's context alive for this long after its response. */
  export function waitUntil(work: Promise<unknown>): void;
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  // eslint-disable-next-line import/no-default-export -- that is how the bundler hands over a module
  export default module;
}
