/** A request's body as parsed JSON, within limits of size and depth. */
import type { Context } from "hono";
import { AppError } from "../../errors.ts";
import type { Env } from "../service.ts";
import { checkJson } from "./check-json.ts";
import { readText } from "./read-text.ts";

const DEPTH_MAX = 64;

/**
 * Reads the body, however it is sent, of a caller who may still pass when it is there. Throws AppError: unsupported_media_type,
 * payload_too_large, cancelled, unauthenticated, forbidden, invalid_request with the line and column where it stops being JSON.
 */
export async function readJson(c: Context<Env>, bytesMax: number): Promise<unknown> {
  const request = c.req.raw;
  const type = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new AppError("unsupported_media_type", {
      detail: "send the body as JSON, with the header Content-Type: application/json",
    });
  }
  if ((request.headers.get("Content-Encoding") ?? "identity") !== "identity") {
    throw new AppError("unsupported_media_type", {
      detail: "send the body without a Content-Encoding",
    });
  }
  const text = await readText(request, bytesMax);
  await c.get("checkAgain")?.();
  if (text.trim() === "") {
    throw new AppError("invalid_request", {
      detail: 'the body is empty; send a JSON object such as {"question": "…"}',
    });
  }
  const fault = checkJson(text, DEPTH_MAX);
  if (fault !== undefined) {
    throw new AppError("invalid_request", {
      detail: `the body is not JSON: line ${fault.line}, column ${fault.column}: ${fault.message}`,
    });
  }
  return JSON.parse(text) as unknown;
}
