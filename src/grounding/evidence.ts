/** A passage as evidence: read once, asked for every sentence that rests on it. */
import type { Passage } from "../domain/event.ts";
import { toQuantities } from "../text/numbers.ts";
import { type Span, splitSentences } from "../text/sentences.ts";
import { isFunctionStem, toWords } from "../text/words.ts";

/** One sentence of the evidence, or the whole of it. */
export interface Reading {
  readonly stems: ReadonlySet<string>;
  readonly content: ReadonlySet<string>;
  /** Value → its units; "" where it has none. */
  readonly quantities: ReadonlyMap<string, ReadonlySet<string>>;
  readonly isNegated: boolean;
}

export interface Evidence extends Reading {
  /** Stems in order, each between blanks, to find quotations in. */
  readonly line: string;
  readonly heading: Reading;
  readonly sentences: readonly (Reading & Span)[];
}

const NEGATION =
  /\b(?:not|no|never|none|neither|nor|nobody|nothing|without|cannot|unable|fail(?:s|ed)?\s+to)\b|n['’]t\b|\b(?:nunca|jamás|ninguno|nicht|kein\w*)\b|[不没未]/iu;
const MONTHS =
  "januari februari march april mai june juli august septemb octob novemb decemb".split(" ");
const ISO_DATE = /\b\d{4}-(\d{2})-\d{2}\b/g;

const known = new WeakMap<Passage, Evidence>();

/** What a passage says, title and headings included. Remembered as long as the passage lives. */
export function toEvidence(passage: Passage): Evidence {
  const remembered = known.get(passage);
  if (remembered !== undefined) return remembered;
  const title = [passage.title, ...passage.location.headings].join(". ");
  const evidence = readEvidence(passage.text, title);
  known.set(passage, evidence);
  return evidence;
}

/** The same for a text by itself; offsets of sentences are into the text. */
export function readEvidence(text: string, title = ""): Evidence {
  const sentences = splitSentences(text).map((span) => ({
    ...readText(text.slice(span.start, span.end)),
    ...span,
  }));
  const heading = readText(title);
  let line: string | undefined;
  return {
    ...join([heading, ...sentences]),
    heading,
    sentences,
    // Only an answer that quotes has need of it.
    get line() {
      line ??= toLine(text);
      return line;
    },
  };
}

function join(readings: readonly Reading[]): Reading {
  const quantities = new Map<string, Set<string>>();
  for (const reading of readings) {
    for (const [value, units] of reading.quantities) {
      quantities.set(value, (quantities.get(value) ?? new Set()).union(units));
    }
  }
  return {
    stems: new Set(readings.flatMap(({ stems }) => [...stems])),
    content: new Set(readings.flatMap(({ content }) => [...content])),
    quantities,
    isNegated: readings.some(({ isNegated }) => isNegated),
  };
}

/** Reads a sentence or a text. */
export function readText(text: string): Reading {
  const stems = new Set(toWords(text).map(({ stem }) => stem));
  for (const [, month] of text.matchAll(ISO_DATE)) {
    const name = MONTHS[Number(month) - 1];
    if (name !== undefined) stems.add(name);
  }
  const quantities = new Map<string, Set<string>>();
  for (const { value, unit = "" } of toQuantities(text)) {
    quantities.set(value, (quantities.get(value) ?? new Set()).add(unit));
  }
  const content = new Set([...stems].filter((stem) => !isFunctionStem(stem)));
  return { stems, content, quantities, isNegated: NEGATION.test(text) };
}

/** Stems between blanks, for looking up a run of words. */
export function toLine(text: string): string {
  return ` ${toWords(text)
    .map(({ stem }) => stem)
    .join(" ")} `;
}
