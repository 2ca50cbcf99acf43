/** `GET /`: the playground, a page to ask from and to see what a run says about itself. */
import type { Context } from "hono";
import { AppError } from "../../errors.ts";
import { PAGE_FILES } from "../../playground/files.ts";
import { type Page, respondWithPage } from "../response/page-response.ts";
import type { Env } from "../service.ts";

/** Nothing from elsewhere, nothing within the page itself, no HTML made by a script, and no one may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Addresses of the page and its parts. */
export const PLAYGROUND_PATHS = Object.keys(PAGE_FILES);

/** A file of data/page as it is read. */
export type ReadFile = Pick<Page, "body" | "tag">;

/** Reads a file of data/page, which a machine keeps in a folder and a Worker beside itself. Undefined: it is not there. */
export type ReadPage = (name: string) => Promise<ReadFile | undefined>;

export function createPlaygroundRoute(readPage: ReadPage) {
  return async (c: Context<Env>): Promise<Response> => {
    const file = PAGE_FILES[c.req.path];
    const found = file === undefined ? undefined : await readPage(file.name);
    if (file === undefined || found === undefined) {
      throw new AppError("not_found", { detail: "this part of the page is not installed" });
    }
    return respondWithPage(c, { type: file.type, policy: POLICY, ...found });
  };
}
