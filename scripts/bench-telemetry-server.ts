/**
 * Two services over one store in one process: the one is seen, the other is not. Prints its port;
 * `POST /bench/seen` and `POST /bench/unseen` choose who answers from then on. Settings come from the environment.
 */
import { parseConfig } from "../src/config.ts";
import { composeFetch, composeParts } from "../src/node/compose.ts";
import { createServer, listen } from "../src/node/server/create-server.ts";

const UNSEEN = { METRICS: "false", LOG_LEVEL: "off", OTEL_EXPORTER_OTLP_ENDPOINT: undefined };

const config = parseConfig(process.env);
const [seen, unseen] = [
  await composeFetch(await composeParts(config, process.stderr)),
  await composeFetch(
    await composeParts(parseConfig({ ...process.env, ...UNSEEN }), process.stderr),
  ),
];
const services = new Map([
  ["/bench/seen", seen],
  ["/bench/unseen", unseen],
]);
let current = seen;
const server = createServer((request, env) => {
  const chosen = services.get(new URL(request.url).pathname);
  if (chosen === undefined) return current(request, env);
  current = chosen;
  return new Response();
}, config);
console.log(await listen(server, config.host, config.port));
