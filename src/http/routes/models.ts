/** `GET /v1/models` and `GET /v1/models/:id`: the names that `POST /v1/chat/completions` takes. */
import type { Context } from "hono";
import { MODES } from "../../domain/ask.ts";
import { AppError } from "../../errors.ts";
import { MODEL, modelNotFound } from "../formats/openai-request.ts";
import { listCollections, toVisible } from "../inspect-collections.ts";
import type { Env, Service } from "../service.ts";

/** A model of ours has no date of its own; clients want a number. */
const CREATED_SECONDS = 1_767_225_600;

export function createModelsRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    const { listed } = await readNames(service, c);
    return c.json({ object: "list", data: listed.map(toModel) });
  };
}

export function createModelRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    const name = c.req.param("id") ?? "";
    const { listed, others } = await readNames(service, c);
    if (listed.includes(name) || others.includes(name)) return c.json(toModel(name));
    throw modelNotFound(name);
  };
}

interface Names {
  /** The bare one, the other modes this service takes, and one for each collection of the caller. */
  readonly listed: readonly string[];
  /** Those that work as well: each mode with each collection. */
  readonly others: readonly string[];
}

async function readNames(service: Service, c: Context<Env>): Promise<Names> {
  const caller = c.get("caller");
  const takes = (mode: string): boolean => {
    try {
      service.parseAsk({ question: "?", mode }, { caller });
      return true;
    } catch (thrown) {
      if (thrown instanceof AppError) return false;
      throw thrown;
    }
  };
  const modes = MODES.filter((mode) => mode !== "direct" && takes(mode));
  const collections = await listCollections(toVisible(service, caller), c.req.raw.signal);
  // A collection that is called like a mode is reached through the mode: tributary/direct/agent.
  const own = collections.map((name) =>
    (MODES as readonly string[]).includes(name) ? `direct/${name}` : name,
  );
  const others = ["direct", ...modes].flatMap((mode) => [
    `${MODEL}/${mode}`,
    ...collections.map((name) => `${MODEL}/${mode}/${name}`),
  ]);
  return { listed: [MODEL, ...[...modes, ...own].map((name) => `${MODEL}/${name}`)], others };
}

function toModel(id: string) {
  return { id, object: "model", created: CREATED_SECONDS, owned_by: MODEL };
}
