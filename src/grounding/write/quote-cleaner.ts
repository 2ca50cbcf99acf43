/** Cleans quoted sentences as an answer's text is cleaned: a document is trusted no more than a model. */
import type { Passage } from "../../domain/event.ts";
import { stripHidden } from "../../text/hidden-characters.ts";
import { dropNotes } from "./citation-parser.ts";
import { toPlainLinks } from "./plain-links.ts";
import { createSanitizer } from "./sanitizer.ts";
import { createSourceLinks } from "./source-links.ts";

/**
 * Creates a cleaner for the sentences of one answer, in order. A number in brackets that
 * could be taken for a label is a note of the document and none of ours, so it goes; code and lists stay. Of a link
 * that is no source's its words are shown. Only what `beginsLine` can begin with a fence.
 */
export function createQuoteCleaner(
  passages: readonly Passage[],
): (sentence: string, place?: { readonly beginsLine: boolean }) => string {
  const links = createSourceLinks();
  links.add(passages);
  const isSource = (address: string): boolean => links.match(`${address} `, 0) === address.length;
  const sanitizer = createSanitizer({ links, verbatimCode: true });
  return (sentence, { beginsLine } = { beginsLine: false }) => {
    const unlinked = toPlainLinks(stripHidden(sentence), isSource);
    const unmarked = dropNotes(unlinked).trim();
    const cleaned = sanitizer.push(beginsLine ? `\n\n${unmarked}` : unmarked) + sanitizer.end();
    return cleaned.trimStart();
  };
}
