/** `/chaos/journal` and `/chaos/faults`: reading what was seen and changing what will be shown, while it runs. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "../../src/errors.ts";
import type { Journal } from "./journal.ts";
import type { Settings } from "./settings.ts";

export interface ControlRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly text: string;
  readonly journal: Journal;
  readonly get: () => Settings;
  readonly set: (given: unknown) => void;
}

const ADDRESSES =
  "GET /chaos/journal, DELETE /chaos/journal, GET /chaos/faults, POST /chaos/faults";

/** Answers a request to an address of the kit itself; false for any other. */
export async function answerControl(asked: ControlRequest): Promise<boolean> {
  const [path = ""] = (asked.request.url ?? "").split("?", 1);
  if (path !== "/chaos" && !path.startsWith("/chaos/")) return false;
  const route = `${asked.request.method} ${path}`;
  try {
    const answer = handle(route, asked);
    if (answer === undefined) send(asked.response, 404, { error: `there are: ${ADDRESSES}` });
    else send(asked.response, 200, answer);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    send(asked.response, 400, { error: thrown.message });
  }
  return true;
}

function handle(route: string, { text, journal, get, set }: ControlRequest): object | undefined {
  switch (route) {
    case "GET /chaos/journal":
      return { totals: journal.totals(), entries: journal.entries };
    case "DELETE /chaos/journal":
      journal.reset();
      return { totals: journal.totals(), entries: journal.entries };
    case "GET /chaos/faults":
      return get();
    case "POST /chaos/faults":
      set(parse(text));
      return get();
    default:
      return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new AppError("invalid_request", { detail: "the body is not JSON", cause: thrown });
  }
}

function send(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}
