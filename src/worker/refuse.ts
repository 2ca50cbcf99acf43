/** What a Worker that cannot be built answers: which setting is wrong, at every address. */
import { toAppError } from "../errors.ts";
import { problemResponse, toProblem } from "../http/response/problem.ts";
import type { Log } from "../telemetry/log.ts";

export function refuse(request: Request, thrown: unknown, log: Log): Response {
  const requestId = crypto.randomUUID();
  const error = toAppError(thrown);
  const problem = toProblem(error, requestId);
  log.error("not-built", thrown, { requestId, code: error.code });
  const headers = { "Cache-Control": "no-store", "X-Request-Id": requestId };
  switch (new URL(request.url).pathname) {
    case "/livez":
      return Response.json({ status: "live" }, { headers });
    case "/readyz": {
      const { code, detail } = problem;
      const body = { status: code.replaceAll("_", "-"), collections: [], code, detail };
      return Response.json(body, { status: 503, headers });
    }
    default:
      return problemResponse(problem, headers);
  }
}
