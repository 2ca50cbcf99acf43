/** Counts the event streams that clients are reading, at the connection, which knows when a client is gone. */
import type { ServerResponse } from "node:http";
import type { Fetch } from "./create-server.ts";

export interface StreamCount {
  readonly open: number;
  readonly fetch: Fetch;
}

/** The same application, whose open streams can be counted. */
export function countStreams(fetch: Fetch): StreamCount {
  let open = 0;
  return {
    get open() {
      return open;
    },
    async fetch(request, env) {
      const response = await fetch(request, env);
      const outgoing = (env as { readonly outgoing?: ServerResponse } | undefined)?.outgoing;
      const type = response.headers.get("content-type");
      if (outgoing !== undefined && !outgoing.closed && type?.includes("event-stream") === true) {
        open += 1;
        outgoing.once("close", () => {
          open -= 1;
        });
      }
      return response;
    },
  };
}
