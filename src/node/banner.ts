/** What the server says when it is ready: what it runs with, and a line to copy. */
import type { CollectionView } from "../http/inspect-collections.ts";

export interface Banner {
  readonly url: string;
  readonly store: string;
  readonly embedder: string;
  readonly answerer: string;
  readonly keys: string;
  readonly collections: readonly CollectionView[];
}

export function toBanner({ url, store, embedder, answerer, keys, collections }: Banner): string {
  const [first, ...rest] =
    collections.length === 0 ? ["none yet"] : collections.map(describeCollection);
  return `
Tributary answers on ${url}

  store        ${store}
  embedder     ${embedder}
  answerer     ${answerer}
  keys         ${keys}
  collections  ${[first, ...rest].join("\n               ")}

Open it in a browser, or ask here:
  curl -N ${url}/v1/ask -H 'Content-Type: application/json' -H 'Accept: text/event-stream' -d '{"question": "What happens when one collection is slow?"}'
  pnpm ask "What happens when one collection is slow?"

Your own documents:
  pnpm ingest <files or folders> --collection NAME
`;
}

function describeCollection(view: CollectionView): string {
  if (view.status === "unavailable") return `${view.name}: cannot be opened (${view.code})`;
  const { name, documents, chunks, embedder, embedderReady } = view;
  const size = `${name}: ${count(documents, "document")}, ${count(chunks, "chunk")}`;
  return embedderReady
    ? size
    : `${size}; its embedder ${embedder} is not at hand, so it is searched by keyword only`;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
