/** The table of operations as an OpenAPI 3.1 document. */
import * as z from "zod";
import type { RunEvent } from "../../domain/event.ts";
import type { ErrorCode } from "../../errors.ts";
import { toOpenAiCode } from "../formats/openai-response.ts";
import { toStatus } from "../response/problem.ts";
import { EVENT_WORDS, Problem } from "./bodies.ts";
import { COMMON_ERRORS } from "./errors.ts";
import { OpenAiError, RpcReply } from "./foreign-bodies.ts";
import {
  COMMON_REQUEST_HEADERS,
  COMMON_RESPONSE_HEADERS,
  REQUEST_HEADERS,
  RESPONSE_HEADERS,
  type ResponseHeader,
} from "./headers.ts";
import { ASK_WORDS, nameRequests, nameResponses, type OwnBodies, toEventName } from "./names.ts";
import type { ErrorForm, Operation, Reply, Tag } from "./operation.ts";
import { ADDRESS_ERRORS, KEYED, KEY_ERRORS, OPEN, SECURITY_SCHEMES } from "./security.ts";

export type Json = Readonly<Record<string, unknown>>;

const TAGS: Readonly<Record<Tag, string>> = {
  Ask: "Questions, answered with citations or only searched for.",
  Runs: "A run after, or beside, its own response.",
  Collections: "What can be asked, and the documents a citation leads to.",
  Clients: "The formats of clients that exist already.",
  Service: "Health, metrics, and the pages.",
};
/** Beside these a body may fail for its size, type or form before it is looked at. */
const BODY_ERRORS: readonly ErrorCode[] = [
  "invalid_request",
  "payload_too_large",
  "unsupported_media_type",
];
/** Of a file. JSON Schema has no word for bytes, and this is the one that generators of clients know. */
const BYTES = { type: "string", format: "binary" };
const toRef = (id: string): string => `#/components/schemas/${id}`;

/** Makes the document. Every body's schema must have a name in `names.ts`; throws Error where one has not. */
export function toOpenApi(operations: Readonly<Record<string, Operation>>, bodies: OwnBodies) {
  const requests = nameRequests(bodies);
  const responses = nameResponses();
  const refTo = (schema: z.ZodType): Json => {
    const id = requests.get(schema)?.id ?? responses.get(schema)?.id;
    if (id === undefined) throw new Error("a body's schema has no name in names.ts");
    return { $ref: toRef(id) };
  };
  const paths: Record<string, Record<string, Json>> = {};
  for (const [id, operation] of Object.entries(operations)) {
    const path = operation.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [operation.method]: toOperation(id, operation, refTo) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Tributary",
      version: "1.0.0",
      summary: "Question answering over your own documents.",
      description:
        "Concurrent retrieval, streamed answers, checked citations. Every error has a code out of a closed set. Fields may be added to responses: pass over those you do not know.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: {
        ...describeFields(toSchemas(requests, "input")),
        ...describeEvents(toSchemas(responses, "output")),
      },
      headers: toHeaders(),
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}
export type OpenApi = ReturnType<typeof toOpenApi>;

type RefTo = (schema: z.ZodType) => Json;

function toOperation(operationId: string, operation: Operation, refTo: RefTo): Json {
  const { tag, summary, description, isOpen } = operation;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: toParameters(operation),
    ...toRequestBody(operation, refTo),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.replies).map(([status, reply]) => [status, toReply(reply, refTo)]),
      ),
      ...toErrors(operation, refTo),
    },
    security: isOpen === true ? OPEN : KEYED,
  };
}

function toRequestBody({ body, upload }: Operation, refTo: RefTo): Json {
  if (body !== undefined) {
    const content = { "application/json": { schema: refTo(body) } };
    return { requestBody: { required: true, content } };
  }
  if (upload === undefined) return {};
  const form = { type: "object", properties: { file: BYTES }, required: ["file"] };
  const content = {
    "*/*": { schema: BYTES },
    "application/octet-stream": { schema: BYTES },
    "multipart/form-data": { schema: form },
  };
  return { requestBody: { required: true, description: upload, content } };
}

function toParameters({ params = {}, query, headers = [] }: Operation): readonly Json[] {
  return [
    ...Object.entries(params).map(([name, schema]) => toParameter(name, "path", schema)),
    ...Object.entries(query?.shape ?? {}).map(([name, schema]) =>
      toParameter(name, "query", schema as z.ZodType),
    ),
    ...[...headers, ...COMMON_REQUEST_HEADERS].map((name) => {
      const { schema, description } = REQUEST_HEADERS[name];
      return { name, in: "header", description, schema: toInline(schema) };
    }),
  ];
}

function toParameter(name: string, place: "path" | "query", given: z.ZodType): Json {
  const { description, ...schema } = toInline(given);
  return {
    name,
    in: place,
    ...(description === undefined ? {} : { description }),
    ...(place === "path" ? { required: true } : {}),
    schema,
  };
}

function toInline(schema: z.ZodType): Json {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io: "input" });
  return json;
}

function toReply(
  { description, json, events, text = [], headers = [] }: Reply,
  refTo: RefTo,
): Json {
  const content = {
    ...(json === undefined ? {} : { "application/json": { schema: refTo(json) } }),
    // The version of OpenAPI after this one has a word for it: itemSchema.
    ...(events === undefined
      ? {}
      : { "text/event-stream": { schema: { type: "string" }, "x-event-schema": refTo(events) } }),
    ...Object.fromEntries(
      text.map((type) => [type, type.startsWith("text/") ? { schema: { type: "string" } } : {}]),
    ),
  };
  return {
    description,
    headers: toHeaderRefs(headers),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

/** One response for each status, which names the codes that come with it. */
function toErrors(operation: Operation, refTo: RefTo): Json {
  const { errors, errorForm = "problem", errorHeaders = [], isOpen, replies } = operation;
  const takesBody = operation.body !== undefined || operation.upload !== undefined;
  const codes = new Set([
    ...COMMON_ERRORS,
    ...(isOpen === true ? ADDRESS_ERRORS : KEY_ERRORS),
    ...(takesBody ? BODY_ERRORS : []),
    ...errors,
  ]);
  const byStatus = Map.groupBy(codes, toStatus);
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in replies))
      .map(([status, some]) => {
        const { type, schema, headers } = toErrorBody(errorForm, refTo);
        const words = errorForm === "openai" ? some.map(toOpenAiCode) : some;
        return [
          status,
          {
            description: words.map((code) => `\`${code}\``).join(", "),
            headers: toHeaderRefs([...errorHeaders, "Retry-After", ...headers]),
            content: { [type]: { schema } },
            "x-codes": words,
          },
        ];
      }),
  );
}

interface ErrorBody {
  readonly type: string;
  readonly schema: Json;
  readonly headers: readonly ResponseHeader[];
}

/** One schema for all statuses, whose codes stand in `x-codes`: a generator of clients would make a type of each else. */
function toErrorBody(form: ErrorForm, refTo: RefTo): ErrorBody {
  const json = "application/json";
  switch (form) {
    case "problem":
      return { type: "application/problem+json", schema: refTo(Problem), headers: [] };
    case "openai":
      return {
        type: json,
        schema: refTo(OpenAiError),
        headers: ["Retry-After-Ms", "X-Should-Retry"],
      };
    case "text":
      return { type: "text/plain", schema: { type: "string" }, headers: ["X-Error-Code"] };
    case "rpc":
      return { type: json, schema: { anyOf: [refTo(RpcReply), refTo(Problem)] }, headers: [] };
    default:
      return form satisfies never;
  }
}

function toHeaderRefs(names: readonly ResponseHeader[]): Json {
  const all = [...names, ...Object.keys(COMMON_RESPONSE_HEADERS)];
  return Object.fromEntries(all.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function toHeaders(): Json {
  return Object.fromEntries(
    Object.entries({ ...RESPONSE_HEADERS, ...COMMON_RESPONSE_HEADERS }).map(
      ([name, { description, schema }]) => [name, { description, schema: toInline(schema) }],
    ),
  );
}

function toSchemas(registry: ReturnType<typeof nameResponses>, io: "input" | "output") {
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: toRef,
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      // Every whole number is within these; they say nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      // A response may gain fields.
      if (io === "output" && jsonSchema.additionalProperties === false) {
        delete jsonSchema.additionalProperties;
      }
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _id, ...schema }]) => [
      id,
      JSON.parse(JSON.stringify(schema), separateTypes) as Json,
    ]),
  );
}

/** A list of types, which is valid, as forms of a union: oapi-codegen makes nothing of the list. */
function separateTypes(_key: string, part: unknown): unknown {
  if (typeof part !== "object" || part === null || !("type" in part)) return part;
  const { type: types, ...rest } = part;
  return Array.isArray(types) ? { ...rest, anyOf: types.map((type: unknown) => ({ type })) } : part;
}

/** Gives each kind of event its sentence. */
function describeEvents(schemas: Readonly<Record<string, Json>>): Record<string, Json> {
  const words = Object.entries(EVENT_WORDS).map(([type, description]) => {
    const id = toEventName(type as RunEvent["type"]);
    return [id, { description, ...schemas[id] }];
  });
  return { ...schemas, ...(Object.fromEntries(words) as Record<string, Json>) };
}

/** Gives each field of a question its sentence. */
function describeFields(schemas: Readonly<Record<string, Json>>): Record<string, Json> {
  const words: Readonly<Record<string, string>> = ASK_WORDS;
  const describe = (schema: Json | undefined): Json => {
    const fields = Object.entries((schema?.["properties"] ?? {}) as Record<string, Json>);
    const properties = Object.fromEntries(
      fields.map(([name, field]) => [name, { description: words[name], ...field }]),
    );
    return { ...schema, properties };
  };
  const { Ask, ExplainRequest } = schemas;
  return { ...schemas, Ask: describe(Ask), ExplainRequest: describe(ExplainRequest) };
}
