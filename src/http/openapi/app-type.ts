/** The API's table as a type that Hono's client understands: what each route takes, and what it answers with which status. */
import type { Hono } from "hono";
import type * as z from "zod";
import type { Env } from "../service.ts";
import type { Problem } from "./bodies.ts";
import type { OpenAiError, RpcReply } from "./foreign-bodies.ts";
import type { ErrorForm, Operation } from "./operation.ts";
import type { Operations } from "./operations.ts";

type Body<O extends Operation> = O extends { readonly body: z.ZodType }
  ? { json: z.input<O["body"]> }
  : unknown;
type Params<O extends Operation> = O extends { readonly params: infer P }
  ? { param: { [Name in keyof P]: string } }
  : unknown;
type Query<O extends Operation> = O extends { readonly query: z.ZodObject }
  ? { query?: z.input<O["query"]> }
  : unknown;
type Headers<O extends Operation> = O extends { readonly headers: readonly (infer Name)[] }
  ? { header?: { [Key in Name & string]?: string } }
  : unknown;
/** Intersections with `unknown` vanish; one object remains. */
type Input<O extends Operation> = Flat<object & Body<O> & Params<O> & Query<O> & Headers<O>>;
type Flat<T> = { [Key in keyof T]: T[Key] };

/** Of each documented status its body, or text where it has no schema. */
type Replies<O extends Operation> = {
  [Status in keyof O["replies"] & number]: O["replies"][Status] extends { readonly json: z.ZodType }
    ? Endpoint<O, z.output<O["replies"][Status]["json"]>, Status, "json">
    : Endpoint<O, string, Status, "text">;
}[keyof O["replies"] & number];

type ErrorBodies = {
  problem: z.output<typeof Problem>;
  openai: z.output<typeof OpenAiError>;
  rpc: z.output<typeof RpcReply> | z.output<typeof Problem>;
};
type FormOf<O extends Operation> = O extends { readonly errorForm: infer F extends ErrorForm }
  ? F
  : "problem";
type Failures<O extends Operation> =
  FormOf<O> extends keyof ErrorBodies
    ? Endpoint<O, ErrorBodies[FormOf<O>], ErrorStatus, "json">
    : Endpoint<O, string, ErrorStatus, "text">;
/** Any of these may be met on the way to any route. */
type ErrorStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 406
  | 409
  | 410
  | 412
  | 413
  | 415
  | 422
  | 429
  | 500
  | 502
  | 503
  | 504
  | 507;

/** Not an interface: only the keys of an alias fit the client's index signatures. */
type Endpoint<O extends Operation, Output, Status extends number, Format extends string> = {
  input: Input<O>;
  output: Output;
  status: Status;
  outputFormat: Format;
};

type All = Operations[keyof Operations];
type Routes = {
  [Path in All["path"]]: {
    [O in Extract<All, { readonly path: Path }> as `$${O["method"]}`]: Replies<O> | Failures<O>;
  };
};

/** The application, as `hc` from `hono/client` wants to see it. */
export type AppType = Hono<Env, Routes>;
