/** `/mcp`: the service as a Model Context Protocol server over streamable HTTP, without sessions. */
import {
  createMcpHandler,
  McpServer,
  type ServerContext,
  type StandardSchemaWithJSON,
} from "@modelcontextprotocol/server";
import type { Context } from "hono";
import type * as z from "zod";
import type { Caller } from "../../domain/caller.ts";
import { silentMeter } from "../../telemetry/meter.ts";
import { countRequest } from "../guards/access-guard.ts";
import { createMcpTools, type McpTool } from "../formats/mcp-tools.ts";
import { AppError, toAppError } from "../../errors.ts";
import type { Log } from "../../telemetry/log.ts";
import { stripHidden } from "../../text/hidden-characters.ts";
import { readAt, toPointer } from "../../json/pointer.ts";
import { parseInput } from "../request/issues.ts";
import { readJson } from "../request/read-json.ts";
import type { Env, Service } from "../service.ts";

const INFO = { name: "tributary", version: "1.0.0", title: "Tributary" };
const INSTRUCTIONS =
  "Answers questions from the documents of its collections. `ask` writes an answer whose sentences cite passages; `search` returns the passages alone; `read_document` reads around one.";

/** What the library says again, whole, where it refuses a message. */
const NAMES = [
  ["params", "name"],
  ["params", "uri"],
  ["params", "_meta", "io.modelcontextprotocol/protocolVersion"],
];
const NAME_CHARS_MAX = 200;

export function createMcpRoute(service: Service) {
  const { config, log } = service;
  const tools = createMcpTools(service);
  const handler = createMcpHandler(
    ({ authInfo }) => {
      const server = new McpServer(INFO, { instructions: INSTRUCTIONS });
      const session = authInfo?.extra?.["session"] as Session;
      for (const tool of tools) {
        const scope = tool.name === "ask" ? "ask" : "read";
        if (session.caller.scopes.has(scope)) register(server, tool, session);
      }
      return server;
    },
    {
      keepAliveMs: config.pingIntervalMs,
      onerror: (thrown) => log.warn("mcp-refused", { kind: thrown.name }),
    },
  );
  return async (c: Context<Env>): Promise<Response> => {
    const request = c.req.raw;
    // The library bounds the bytes of a message, and not how deep it nests.
    const parsedBody =
      request.method === "POST" ? await readJson(c, config.bodyBytesMax) : undefined;
    checkNames(parsedBody);
    const caller = c.get("caller");
    const countCall = createCallCount(service, request, caller);
    const session: Session = { caller, requestId: c.get("requestId"), countCall };
    const authInfo = { token: "", clientId: caller.id, scopes: [], extra: { session } };
    return handler.fetch(request, { authInfo, parsedBody });
  };

  function register(server: McpServer, tool: McpTool, session: Session): void {
    const { name, title, description, inputSchema, outputSchema } = tool;
    const readOnlyHint = name !== "ask" || service.mayChange !== true;
    const annotations = { readOnlyHint, openWorldHint: false };
    server.registerTool(
      name,
      { title, description, inputSchema: tellOnly(inputSchema), outputSchema, annotations },
      async (given, { mcpReq, http }) => {
        const tell = createTeller(mcpReq, log);
        try {
          await session.countCall();
          const connection = http?.req?.signal;
          const client =
            connection === undefined ? mcpReq.signal : AbortSignal.any([mcpReq.signal, connection]);
          const input = parseInput(inputSchema, given);
          const { text, value } = await tool.run(input, { ...session, client, tell });
          // The text is what the client's model reads; the value holds the passages as they are stored.
          return {
            content: [{ type: "text", text: stripHidden(text) }],
            structuredContent: value,
          };
        } catch (thrown) {
          const error = toAppError(thrown);
          if (error.code === "internal") log.error("mcp-tool-failed", thrown, { tool: name });
          return { isError: true, content: [{ type: "text", text: toSentence(error) }] };
        }
      },
    );
  }
}

/** Throws AppError invalid_request for a name that is too long to be told to anyone. */
function checkNames(body: unknown): void {
  for (const message of Array.isArray(body) ? body : [body]) {
    for (const path of NAMES) {
      const name = readAt(message, path);
      if (typeof name !== "string" || name.length <= NAME_CHARS_MAX) continue;
      const detail = `${toPointer(path)} has more than ${NAME_CHARS_MAX} characters`;
      throw new AppError("invalid_request", { detail });
    }
  }
}

interface Session {
  readonly caller: Caller;
  readonly requestId: string;
  /** Throws AppError rate_limited. */
  readonly countCall: () => Promise<void>;
}

/** The guards have counted the request as one; a batch holds more calls, and each of them costs as much. */
function createCallCount(service: Service, request: Request, caller: Caller): () => Promise<void> {
  const { access, requestLimit, telemetry } = service;
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls === 1) return;
    if (access?.isOn === true) await countRequest(access, telemetry?.meter ?? silentMeter, caller);
    await requestLimit?.(request, caller);
  };
}

/** Tells a client that wants to hear of it how far its call is. */
function createTeller({ _meta: meta, notify }: ServerContext["mcpReq"], log: Log) {
  const progressToken = meta?.progressToken;
  let progress = 0;
  return (message: string): void => {
    if (progressToken === undefined) return;
    progress += 1;
    const params = { progressToken, progress, message };
    notify({ method: "notifications/progress", params }).catch((thrown: unknown) =>
      log.warn("mcp-progress-lost", { kind: String(thrown) }),
    );
  };
}

/** A schema as it is told to clients. What the library says of a wrong input has a sentence for each fault of it, so it finds none. */
function tellOnly(schema: z.ZodObject): StandardSchemaWithJSON {
  const { vendor, version, jsonSchema } = schema["~standard"];
  return { "~standard": { vendor, version, jsonSchema, validate: (value) => ({ value }) } };
}

function toSentence({ code, detail }: AppError): string {
  return detail === undefined ? code : `${code}: ${detail}`;
}
