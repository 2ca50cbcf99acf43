/**
 * The floor of open streams: Hono alone, which says a word every second until its client leaves:
 * `node scripts/serving/bare-streams.ts <ms between deltas>` prints its port.
 */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";

const gapMs = Number(process.argv[2]);
const app = new Hono();

app.post("/v1/ask", async (context) => {
  await context.req.json();
  return streamSSE(context, async (stream) => {
    while (!stream.aborted) {
      const data = JSON.stringify({ text: `at ${Date.now()};` });
      await stream.writeSSE({ event: "text-delta", data });
      await stream.sleep(gapMs);
    }
  });
});

serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
  console.log(port);
});
