/** Port: the log. One line an event, fields as data; no content of documents or questions, no secret. */

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** `thrown` is for operators only and is printed with its causes. */
  error(event: string, thrown: unknown, fields?: LogFields): void;
}

/** Says nothing; for tests and embedding. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };
