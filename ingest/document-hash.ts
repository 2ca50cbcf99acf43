/** Hashes that tell whether a document must be embedded again, and whether its file must even be parsed. */
import { hash } from "node:crypto";
import type { LoadedDocument } from "./document.ts";

/** Raise it when the loaders make other documents of the same files. */
const LOADERS_VERSION = 3;
const SEPARATOR = ".";

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

/**
 * The hash to store. That of the file is known only for a file that is one document: a file of many
 * could have been stored in part.
 */
export function joinHashes(ofDocument: string, ofFile: string | undefined): string {
  return ofFile === undefined ? ofDocument : `${ofDocument}${SEPARATOR}${ofFile}`;
}

/** The two parts of a stored hash. */
export function splitHashes(stored: string): { ofDocument: string; ofFile: string | undefined } {
  const [ofDocument = "", ofFile] = stored.split(SEPARATOR);
  return { ofDocument, ofFile };
}

const DIGEST_CHARS = 32;

function digest(data: string | Uint8Array): string {
  return hash("sha256", data, "hex").slice(0, DIGEST_CHARS);
}
