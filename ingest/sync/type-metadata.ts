/** Gives a document's metadata the types its collection declares, so that filters mean what they say. */
import type { Metadata, MetadataValue } from "../../src/domain/chunk.ts";
import type { MetadataType } from "../../src/domain/collection.ts";
import { escapeControls } from "../../src/text/escape-controls.ts";
import type { LoadedDocument } from "../document.ts";
import type { SyncProblem } from "./sync-plan.ts";

/**
 * The document with declared fields converted where the value says it plainly (`"2024"` is a number,
 * `"yes"` is not a boolean), empty ones absent, undeclared ones as they are. A value that is not of
 * its type is a problem: stored without it, the document would vanish from filtered answers unseen.
 */
export function typeMetadata(
  document: LoadedDocument,
  types: Readonly<Record<string, MetadataType>>,
): { readonly document: LoadedDocument } | { readonly problem: SyncProblem } {
  const declared = Object.entries(types).filter(([name]) => Object.hasOwn(document.metadata, name));
  if (declared.length === 0) return { document };
  const metadata: Record<string, MetadataValue> = { ...document.metadata };
  for (const [name, type] of declared) {
    const value = document.metadata[name];
    if (value === undefined || value === "") {
      delete metadata[name];
      continue;
    }
    const converted = CONVERT[type](value);
    if (converted === undefined) return { problem: toProblem(document.id, name, type, value) };
    metadata[name] = converted;
  }
  return { document: { ...document, metadata: metadata satisfies Metadata } };
}

const NUMBER = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/;

const CONVERT: Readonly<Record<MetadataType, (value: MetadataValue) => MetadataValue | undefined>> =
  {
    string: (value) => (typeof value === "object" ? undefined : String(value)),
    number(value) {
      const number = typeof value === "string" && NUMBER.test(value) ? Number(value) : value;
      return typeof number === "number" && Number.isFinite(number) ? number : undefined;
    },
    boolean(value) {
      if (value === "true" || value === "false") return value === "true";
      return typeof value === "boolean" ? value : undefined;
    },
    "string[]": (value) => (typeof value === "object" ? value.map(String) : [String(value)]),
  };

const SHOWN_CHARS_MAX = 40;

function toProblem(
  id: string,
  name: string,
  type: MetadataType,
  value: MetadataValue,
): SyncProblem {
  const shown = escapeControls(JSON.stringify(value)).slice(0, SHOWN_CHARS_MAX);
  const message = `${escapeControls(id)}: field ${name} is ${shown}, the collection declares a ${type}; correct the document`;
  return { id, code: "bad-metadata", severity: "error", message };
}
