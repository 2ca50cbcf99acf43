/** A passage as evidence: read once, asked for every sentence that rests on it. */
import { once, oncePer } from "../async/once.ts";
import { toContent } from "../domain/chunk.ts";
import type { Passage } from "../domain/event.ts";
import { indexQuantities } from "../text/quantity-index.ts";
import { type Span, splitSentences } from "../text/sentences.ts";
import { toStems } from "../text/stems.ts";
import { toWords } from "../text/words.ts";
import { type Reading, readText, toMonths } from "./reading.ts";

/** Each part is read when it is first asked for: most claims are settled by the words alone. */
export interface Evidence extends Pick<Reading, "stems" | "quantities"> {
  /** Stems in order, each between blanks, to find quotations in. */
  readonly line: string;
  readonly heading: Reading;
  readonly sentences: readonly (Reading & Span)[];
}

/** What a passage says, title and headings included. */
export const toEvidence = oncePer((passage: Passage): Evidence => {
  const title = [passage.title, ...passage.location.headings].join(". ");
  // The very text that was read when the passage was found.
  return createEvidence(passage.text, title, toContent(passage));
});

/** The same for a text by itself; offsets of sentences are into the text. */
export function readEvidence(text: string, title = ""): Evidence {
  return createEvidence(text, title, `${title}\n${text}`);
}

function createEvidence(text: string, title: string, whole: string): Evidence {
  const heading = once(() => readText(title));
  const stems = once(() => new Set([...toStems(whole), ...toMonths(whole)]));
  const quantities = once(() => indexQuantities(whole));
  const line = once(() => toLine(text));
  const sentences = once(() =>
    splitSentences(text).map((span) =>
      Object.assign(readText(text.slice(span.start, span.end)), span),
    ),
  );
  return {
    get heading() {
      return heading();
    },
    get stems() {
      return stems();
    },
    get quantities() {
      return quantities();
    },
    get line() {
      return line();
    },
    get sentences() {
      return sentences();
    },
  };
}

/** Stems between blanks, for looking up a run of words. */
export function toLine(text: string): string {
  return ` ${toWords(text)
    .map(({ stem }) => stem)
    .join(" ")} `;
}
