/** The published document as a judge: every response is held against it, by a validator that is not ours. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { createParser } from "eventsource-parser";
import { parseConfig } from "../../src/config.ts";
import type { ApiFacts } from "../../src/http/openapi/names.ts";
import type { OpenApi } from "../../src/http/openapi/to-openapi.ts";

/** A service without a model that takes documents. */
export const API_FACTS: ApiFacts = {
  config: parseConfig({}),
  modes: ["direct"],
  rerankers: ["lexical"],
  takesDocuments: true,
};

type Json = Record<string, unknown>;
interface DocumentedReply {
  readonly headers: Json;
  readonly "x-codes"?: readonly string[];
  readonly content?: Record<string, { schema?: Json; "x-event-schema"?: Json }>;
}
interface DocumentedOperation {
  readonly responses: Record<string, DocumentedReply>;
}

/** Set by servers of HTTP, and said in `content`. */
const OF_HTTP = new Set([
  "content-type",
  "content-length",
  "date",
  "connection",
  "keep-alive",
  "transfer-encoding",
]);

export interface Judge {
  /** What about the response is not as published; empty: nothing. */
  faultsOf(method: string, path: string, response: Response): Promise<readonly string[]>;
  /** Does this fit the schema of this name? */
  fits(schemaName: string, value: unknown): boolean;
}

/** Creates the judge. Objects of responses may have no field that the document does not name. */
export function createJudge(api: OpenApi): Judge {
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
  ajv.addSchema({ $id: "api", components: close(api.components) });
  const compiled = new Map<string, ValidateFunction>();
  const compile = (schema: Json): ValidateFunction => {
    const text = JSON.stringify(schema).replaceAll('"#/', '"api#/');
    const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text));
    compiled.set(text, validate);
    return validate;
  };
  const check = (schema: Json, value: unknown): string[] => {
    const validate = compile(schema);
    if (validate(value)) return [];
    return [`${ajv.errorsText(validate.errors)}: ${JSON.stringify(value).slice(0, 500)}`];
  };
  return {
    fits: (name, value) => check({ $ref: `#/components/schemas/${name}` }, value).length === 0,
    async faultsOf(method, path, response) {
      const found = findOperation(api, method, path);
      if (found === undefined) return [`${method} ${path} is not documented`];
      const reply = found.responses[response.status];
      if (reply === undefined) {
        return [`status ${response.status} is not documented: ${await response.text()}`];
      }
      const known = new Set(Object.keys(reply.headers).map((name) => name.toLowerCase()));
      const faults = [...response.headers.keys()]
        .filter((name) => !known.has(name) && !OF_HTTP.has(name))
        .map((name) => `the header ${name} is not documented for ${response.status}`);
      const text = await response.text();
      const code = findCode(response, text);
      const codes = reply["x-codes"];
      if (codes !== undefined && code !== undefined && !codes.includes(code)) {
        faults.push(`the code ${code} is not documented for ${response.status}`);
      }
      if (reply.content === undefined) return text === "" ? faults : [...faults, "has a body"];
      const type = response.headers.get("Content-Type")?.split(";")[0] ?? "";
      const media = reply.content[type];
      if (media === undefined) return [...faults, `${type} is not documented`];
      const event = media["x-event-schema"];
      if (event !== undefined) {
        return [...faults, ...readData(text).flatMap((data) => check(event, data))];
      }
      if (!type.endsWith("json")) return faults;
      return media.schema === undefined
        ? faults
        : [...faults, ...check(media.schema, JSON.parse(text))];
    },
  };
}

/** The code of an error, in whichever form it is told; that of JSON-RPC is a number and none of ours. */
function findCode(response: Response, text: string): string | undefined {
  if (response.status < 400) return undefined;
  if (response.headers.get("Content-Type")?.includes("json") !== true) {
    return response.headers.get("X-Error-Code") ?? undefined;
  }
  const body = JSON.parse(text) as { code?: unknown; error?: { code?: unknown } };
  const code = body.code ?? body.error?.code;
  return typeof code === "string" ? code : undefined;
}

/** The data of each message, but for the word that ends the streams of other formats. */
function readData(text: string): readonly unknown[] {
  const all: unknown[] = [];
  createParser({
    onEvent: ({ data }) => {
      if (data !== "[DONE]") all.push(JSON.parse(data));
    },
  }).feed(text);
  return all;
}

/** The documented path of an address; more segments may stand in the last parameter. */
export function findPath(api: OpenApi, path: string): string | undefined {
  const { paths } = api;
  if (paths[path] !== undefined) return path;
  const found = Object.keys(paths).filter((template) =>
    new RegExp(`^${template.replace(/\{\w+\}$/, ".+").replace(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
  return found.toSorted((a, b) => b.split("/").length - a.split("/").length)[0];
}

function findOperation(api: OpenApi, method: string, path: string) {
  const template = findPath(api, path);
  if (template === undefined) return undefined;
  return api.paths[template]?.[method.toLowerCase()] as DocumentedOperation | undefined;
}

/** The same schemas, whose objects are closed. */
function close(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== "object" || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, some]) => [key, close(some)]));
  const isObject = inner["type"] === "object" && inner["properties"] !== undefined;
  return isObject && !("additionalProperties" in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}
