/** The addresses that an answer may link to: those of the passages in its context. */
import type { Passage } from "../../domain/event.ts";

export interface SourceLinks {
  add(passages: readonly Passage[]): void;
  /**
   * Length of the longest allowed address, without its first `prefix`, that stands in the text at `at`;
   * 0 when none does; undefined when the text ends before that can be known.
   */
  match(text: string, at: number, prefix?: string): number | undefined;
}

/** Metadata fields in which a document names its own address. */
const FIELDS = ["url", "source"] as const;
/** No blanks, brackets, quotes or escapes: nothing that could end a Markdown destination early. */
const ADDRESS = /^https?:\/\/[\w.~:/?#@!$&*+,;=%-]{1,2000}$/;

export function createSourceLinks(): SourceLinks {
  const addresses = new Set<string>();
  return {
    add(passages) {
      for (const { documentId, metadata } of passages) {
        for (const value of [documentId, ...FIELDS.map((field) => metadata[field])]) {
          if (typeof value === "string" && ADDRESS.test(value)) addresses.add(value);
        }
      }
    },
    match(text, at, prefix = "") {
      let longest = 0;
      for (const address of addresses) {
        if (!address.startsWith(prefix)) continue;
        const rest = address.slice(prefix.length);
        if (text.startsWith(rest, at)) longest = Math.max(longest, rest.length);
        else if (rest.startsWith(text.slice(at, at + rest.length))) return undefined;
      }
      return longest;
    },
  };
}
