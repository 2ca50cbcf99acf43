/** The Worker with two first requests that come together: in front of it the tools here let one after the other through. */
import worker from "../../src/worker/main.ts";

export { CollectionObject, RegistryObject } from "../../src/worker/main.ts";

type Env = Parameters<typeof worker.fetch>[1];

const ask = (request: Request, env: Env): Promise<Response> =>
  worker.fetch(
    new Request(new URL("/v1/ask", request.url), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ question: "What is a deadline?" }),
    }),
    env,
  );

export default {
  /** The statuses with which the runs of both are found afterwards. */
  async fetch(request: Request, env: Env): Promise<Response> {
    const answers = await Promise.all([ask(request, env), ask(request, env)]);
    const found = answers.map(({ headers }) => {
      const path = `/v1/runs/${headers.get("X-Run-Id") ?? ""}`;
      return worker.fetch(new Request(new URL(path, request.url)), env);
    });
    return Response.json((await Promise.all(found)).map(({ status }) => status));
  },
};
