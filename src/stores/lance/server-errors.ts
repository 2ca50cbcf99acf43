/** What goes wrong with a LanceDB server, as errors of ours that name the setting to look at. Nothing that it says is shown. */
import { parseRetryAfterMs } from "../../async/retry-after.ts";
import { AppError, type ErrorCode } from "../../errors.ts";

/** Failures of one attempt bear the codes that retries and the breaker go by; callers of the store are told these. */
const OUTWARD: Readonly<Partial<Record<ErrorCode, ErrorCode>>> = {
  upstream_unavailable: "store_unavailable",
  upstream_rate_limited: "store_unavailable",
  upstream_stalled: "store_unavailable",
  upstream_bad_response: "store_unavailable",
  upstream_config: "misconfigured",
  overloaded: "overloaded",
};

/** An attempt's failure as the store's. */
export function toOutward(thrown: unknown): unknown {
  const code = thrown instanceof AppError ? OUTWARD[thrown.code] : undefined;
  if (!(thrown instanceof AppError) || code === undefined) return thrown;
  const { detail = "the LanceDB server is not asked at the moment: check LANCE_URL" } = thrown;
  const { retryAfterMs } = thrown;
  return new AppError(code, {
    detail,
    cause: thrown,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** A refusal. `table` is named where it is what is not there. */
export function toRefusal(response: Response, table: string | undefined): AppError {
  const { status, headers } = response;
  const how = `(HTTP ${status})`;
  if (status === 404 && table !== undefined) {
    return new AppError("collection_not_found", { detail: `there is no collection "${table}"` });
  }
  if (status === 401 || status === 403) {
    return refuse(
      "upstream_config",
      `the LanceDB server refused the key: check LANCE_API_KEY ${how}`,
    );
  }
  if (status === 429 || status >= 500 || status === 408 || status === 409) {
    const retryAfterMs = parseRetryAfterMs(headers);
    return new AppError(status === 429 ? "upstream_rate_limited" : "upstream_unavailable", {
      detail: `the LanceDB server at LANCE_URL failed; try again later ${how}`,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const why =
    status < 400
      ? "is behind a redirect, which is not followed: set LANCE_URL to the final address"
      : "refused the request as such: check LANCE_URL and LANCE_DATABASE";
  return refuse("upstream_config", `the LanceDB server ${why} ${how}`);
}

/** An answer that is not what the protocol says. */
export function toBadAnswer(what: string, cause?: unknown): AppError {
  const detail = `the LanceDB server ${what}: check that LANCE_URL is one`;
  return new AppError("upstream_bad_response", { detail, cause });
}

/** Rows of the protocol, in a form of it that is not read. */
export function toCompressed(): AppError {
  return refuse(
    "upstream_bad_response",
    "the LanceDB server compresses the rows it sends, which are not read here: have it send them as they are",
  );
}

export function toStall(timeoutMs: number): AppError {
  return refuse(
    "upstream_stalled",
    `the LanceDB server did not answer within ${timeoutMs} ms: check LANCE_URL and that it is up`,
  );
}

export function toLostConnection(cause: unknown): AppError {
  const name = cause instanceof Error ? cause.name : typeof cause;
  return new AppError("upstream_unavailable", {
    detail: "the LanceDB server could not be reached, or the connection broke: check LANCE_URL",
    // Its message may hold the address, which may hold a secret.
    cause: new Error(name),
  });
}

function refuse(code: ErrorCode, detail: string): AppError {
  return new AppError(code, { detail });
}
