/** One entry of the API's table: what a route reads and what it answers. The document, the page and the client's types follow from it. */
import type * as z from "zod";
import type { ErrorCode } from "../../errors.ts";
import type { RequestHeader, ResponseHeader } from "./headers.ts";

export type Tag = "Ask" | "Runs" | "Collections" | "Clients" | "Service";

/** In whose words a route tells of errors: RFC 9457, OpenAI's, one sentence of plain text, JSON-RPC. */
export type ErrorForm = "problem" | "openai" | "text" | "rpc";

export interface Reply {
  readonly description: string;
  /** The body as JSON. */
  readonly json?: z.ZodType;
  /** The data of each message of an event stream. */
  readonly events?: z.ZodType;
  /** Media types of bodies without a schema. */
  readonly text?: readonly string[];
  readonly headers?: readonly ResponseHeader[];
}

export interface Operation {
  readonly method: "get" | "post" | "put" | "delete";
  /** As the application has it, without patterns: `/v1/runs/:id`. */
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** What each parameter in the path is, and which it may be. */
  readonly params?: Readonly<Record<string, z.ZodType<string>>>;
  readonly query?: z.ZodObject;
  readonly headers?: readonly RequestHeader[];
  /** JSON; its schema has a name. */
  readonly body?: z.ZodType;
  /** Media types of a body without a schema, such as a file. */
  readonly takes?: readonly string[];
  readonly replies: Readonly<Record<number, Reply>>;
  /** Beside those that every route may answer with. */
  readonly errors: readonly ErrorCode[];
  readonly errorForm?: ErrorForm;
  /** Headers that errors too may have. */
  readonly errorHeaders?: readonly ResponseHeader[];
  /** Never asks for a key. */
  readonly isOpen?: true;
}

/** Keeps the entry's own type, from which the client's types are inferred. */
export function describe<const T extends Operation>(operation: T): T {
  return operation;
}
