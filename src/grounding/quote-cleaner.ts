/** Cleans quoted sentences as an answer's text is cleaned: a document is trusted no more than a model. */
import type { Passage } from "../domain/event.ts";
import { stripHidden } from "../text/hidden-characters.ts";
import { createCitationParser } from "./citation-parser.ts";
import { createSanitizer } from "./sanitizer.ts";
import { createSourceLinks } from "./source-links.ts";

/**
 * Creates a cleaner for the sentences of one answer, in order. A number in brackets is a note of the
 * document and none of our labels, so it goes.
 */
export function createQuoteCleaner(passages: readonly Passage[]): (sentence: string) => string {
  const links = createSourceLinks();
  links.add(passages);
  const sanitizer = createSanitizer({ links, verbatimCode: true });
  return (sentence) => {
    const parser = createCitationParser(() => false);
    const unmarked = parser.push(stripHidden(sentence)) + parser.end();
    return sanitizer.push(unmarked.trim()) + sanitizer.end();
  };
}
