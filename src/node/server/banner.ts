/** What the server says when it is ready: what it runs with, and a line to copy. */
import type { ErrorCode } from "../../errors.ts";
import type { CollectionView } from "../../http/inspect-collections.ts";
import { countOf } from "../../text/count-of.ts";

export interface Banner {
  readonly url: string;
  readonly store: string;
  readonly embedder: string;
  readonly answerer: string;
  readonly keys: string;
  /** A request needs a key. */
  readonly isKeyAsked: boolean;
  /** Where `pnpm ingest` writes, unless it is the default place; undefined where it cannot write. */
  readonly ingest: { readonly dataDir?: string | undefined } | undefined;
  /** An error's code where they could not be looked at. */
  readonly collections: readonly CollectionView[] | ErrorCode;
}

export function toBanner(banner: Banner): string {
  const { url, store, embedder, answerer, keys, isKeyAsked, ingest, collections } = banner;
  const credential = isKeyAsked ? ' -H "Authorization: Bearer $API_KEY"' : "";
  return `
Tributary answers on ${url}

  store        ${store}
  embedder     ${embedder}
  answerer     ${answerer}
  keys         ${keys}
  collections  ${describe(collections).join("\n               ")}

Open it in a browser, or ask here${isKeyAsked ? ", with a key in API_KEY" : ""}:
  curl -N ${url}/v1/ask${credential} -H 'Content-Type: application/json' -H 'Accept: text/event-stream' -d '{"question": "What happens when one collection is slow?"}'
  pnpm ask --url ${url} "What happens when one collection is slow?"
${ingest === undefined ? "" : toIngestHint(ingest)}`;
}

/** The command is another process, which does not know where this one was told the store is. */
function toIngestHint({ dataDir }: NonNullable<Banner["ingest"]>): string {
  const place = dataDir === undefined ? "" : `DATA_DIR=${quote(dataDir)} `;
  return `
Your own documents:
  ${place}pnpm ingest <files or folders> --collection NAME
`;
}

/** As a shell reads it as one word. */
function quote(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function describe(collections: Banner["collections"]): readonly string[] {
  if (typeof collections === "string") return [`not known yet (${collections}); see /readyz`];
  return collections.length === 0 ? ["none yet"] : collections.map(describeCollection);
}

function describeCollection(view: CollectionView): string {
  if (view.status === "unavailable") return `${view.name}: cannot be opened (${view.code})`;
  const { name, documents, chunks, embedder, embedderReady } = view;
  const size = `${name}: ${countOf(documents, "document")}, ${countOf(chunks, "chunk")}`;
  return embedderReady
    ? size
    : `${size}; its embedder ${embedder} is not at hand, so it is searched by keyword only`;
}
