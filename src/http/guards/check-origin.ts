/** Keeps web pages of other origins from writing, also where their own name was made to point to this machine. */
import type { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import { isLoopback } from "./access-guard.ts";

/** Are writes over HTTP taken at all? */
export function takesUploads(
  { uploads, host, lanceUrl }: Pick<Config, "uploads" | "host" | "lanceUrl">,
  hasKeys: boolean,
): boolean {
  if (lanceUrl !== undefined) return false; // its collections are read and not written
  return uploads === "auto" ? hasKeys || isLoopback(host) : uploads === "on";
}

/** Throws AppError forbidden. Programs send no Origin; a page of the service sends the service's own. */
export function checkOrigin(
  request: Request,
  { uploads, corsOrigins }: Pick<Config, "uploads" | "corsOrigins">,
  hasKeys: boolean,
): void {
  const url = new URL(request.url);
  const origin = request.headers.get("Origin");
  if (origin !== null && corsOrigins.includes(origin)) return;
  const site = request.headers.get("Sec-Fetch-Site");
  const isForeign =
    (origin !== null && (!URL.canParse(origin) || new URL(origin).host !== url.host)) ||
    (site !== null && site !== "same-origin" && site !== "none");
  // A name that a page's owner points at 127.0.0.1 makes the page look like ours.
  const isRenamed = uploads === "auto" && !hasKeys && !isLoopback(url.hostname);
  if (isForeign || isRenamed) {
    throw new AppError("forbidden", {
      detail:
        "documents are not written for web pages of another origin, or under another name than this machine's",
    });
  }
}
