/** Entry of the Worker: the application, built by the first request of an isolate, and the objects behind it. */
import { waitUntil } from "cloudflare:workers";
import type { Tool } from "../agent/tool.ts";
import { createConsoleLog } from "./console-log.ts";
import { createEdgeApp } from "./edge-app.ts";
import { refuse } from "./refuse.ts";

export { CollectionObject } from "./durable/collection-object.ts";
export { RegistryObject } from "./durable/registry-object.ts";

type App = Awaited<ReturnType<typeof createEdgeApp>>;
type Env = Readonly<Record<string, unknown>>;

/** Made with `defineTool`: there is no file here from which they could be loaded. */
const tools: readonly Tool[] = [];

let built: App | undefined;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    let app = built;
    try {
      // What is being built is not shared: a promise belongs to the request that waits for it.
      app ??= await createEdgeApp(env, waitUntil, tools);
    } catch (thrown) {
      return refuse(request, thrown, createConsoleLog(env));
    }
    // Of several that were built at the same time all requests have the first, with its runs and its limits.
    built ??= app;
    const answer = Promise.resolve(built.fetch(request));
    // What this request looks up may be what others wait for, so it is finished although its client leaves.
    waitUntil(answer.then(ignore, ignore));
    return answer;
  },
};

function ignore(): void {
  // The request itself hears how it ended.
}
