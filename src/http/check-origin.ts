/** Keeps web pages of other origins from writing, also where their own name was made to point to this machine. */
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Are writes over HTTP taken at all? */
export function takesUploads({ uploads, host }: Pick<Config, "uploads" | "host">): boolean {
  if (uploads !== "loopback") return uploads === "on";
  return LOOPBACK.test(host) || host === "::1";
}

/** Throws AppError forbidden. Programs send no Origin; a page of the service sends the service's own. */
export function checkOrigin(request: Request, { uploads }: Pick<Config, "uploads">): void {
  const url = new URL(request.url);
  const origin = request.headers.get("Origin");
  const site = request.headers.get("Sec-Fetch-Site");
  const isForeign =
    (origin !== null && (!URL.canParse(origin) || new URL(origin).host !== url.host)) ||
    (site !== null && site !== "same-origin" && site !== "none");
  // A name that a page's owner points at 127.0.0.1 makes the page look like ours.
  if (isForeign || (uploads === "loopback" && !LOOPBACK.test(url.hostname))) {
    throw new AppError("forbidden", {
      detail:
        "documents are not written for web pages of another origin, or under another name than this machine's",
    });
  }
}
