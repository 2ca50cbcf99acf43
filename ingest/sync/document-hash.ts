/** Hashes that tell whether a document must be embedded again, and whether its file must even be parsed. */
import { hash } from "node:crypto";
import type { LoadedDocument } from "../document.ts";

/** Raise it when the loaders make other documents of the same files. */
const LOADERS_VERSION = 8;

/** What besides the document itself decides its chunks and vectors. */
export interface HashScope {
  readonly embedder: string;
  readonly chunker: string;
}

/** Of everything in a document that reaches its chunks. */
export function hashDocument(document: LoadedDocument, scope: HashScope): string {
  const { title, text, sections, kind, metadata } = document;
  const fields = Object.entries(metadata).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const rest = [scope.embedder, scope.chunker, title, kind, sections, fields];
  return digest(`${JSON.stringify(rest)}\n${text}`);
}

/** Of a file's bytes. */
export function hashFile(bytes: Uint8Array, scope: HashScope): string {
  return digest(`${LOADERS_VERSION} ${scope.embedder} ${scope.chunker} ${digest(bytes)}`);
}

const DIGEST_CHARS = 32;

function digest(data: string | Uint8Array): string {
  return hash("sha256", data, "hex").slice(0, DIGEST_CHARS);
}
