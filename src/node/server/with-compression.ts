/** Pages go compressed to those who take it; streams and answers never, because they would come late. */
import type { Fetch } from "./create-server.ts";

/** What grows smaller, and is worth it. */
const TYPES = /^(text\/(html|css|javascript)|application\/json|image\/svg\+xml)\b/;

/** What has versions that a client may name when it writes: its ETag must stay what it is. */
const DATA = /^https?:\/\/[^/]+\/v1\//;

/** The same application; its pages are sent with gzip where that is accepted. */
export function withCompression(fetch: Fetch): Fetch {
  return async (request, env) => {
    const response = await fetch(request, env);
    const { status } = response;
    const tag = response.headers.get("ETag");
    const isPage = tag !== null && !DATA.test(request.url);
    const isWorth = status === 200 && TYPES.test(response.headers.get("Content-Type") ?? "");
    if (!isPage || !isWorth) return response;
    // Asked for last: to hand a body out, the server must make a whole response of what it would have written straight away.
    const { body } = response;
    const { headers } = response; // those of the whole response: what it had before is not sent any more
    headers.append("Vary", "Accept-Encoding");
    if (body === null || !takesGzip(request.headers.get("Accept-Encoding"))) return response;
    headers.set("Content-Encoding", "gzip");
    // The same to read, and other bytes.
    if (!tag.startsWith("W/")) headers.set("ETag", `W/${tag}`);
    headers.delete("Content-Length");
    return new Response(body.pipeThrough(new CompressionStream("gzip")), { status, headers });
  };
}

function takesGzip(accepted: string | null): boolean {
  return (accepted ?? "").split(",").some((part) => {
    const [coding = "", ...parameters] = part.split(";").map((word) => word.trim().toLowerCase());
    return coding === "gzip" && !parameters.some((one) => /^q=0(\.0*)?$/.test(one));
  });
}
