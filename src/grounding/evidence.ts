/** A passage as evidence: read once, asked for every sentence that rests on it. */
import { once, oncePer } from "../async/once.ts";
import { toContent } from "../domain/chunk.ts";
import type { Passage } from "../domain/event.ts";
import { indexQuantities } from "../text/quantity-index.ts";
import { type Span, splitSentences } from "../text/sentences.ts";
import { toStems } from "../text/stems.ts";
import { isTableFrame } from "../text/table-frame.ts";
import { toWords } from "../text/words.ts";
import { type Reading, readText, toMonths } from "./reading.ts";
import { isTableLine } from "./table-rows.ts";

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
  const whole = toContent(passage);
  return createEvidence({ text: passage.text, title, whole, columns: passage.location.columns });
});

/** The same for a text by itself; offsets of sentences are into the text. */
export function readEvidence(text: string, title = ""): Evidence {
  return createEvidence({ text, title, whole: `${title}\n${text}`, columns: undefined });
}

interface Parts {
  readonly text: string;
  readonly title: string;
  readonly whole: string;
  /** Of the table that the text begins in the middle of. */
  readonly columns: string | undefined;
}

function createEvidence({ text, title, whole, columns }: Parts): Evidence {
  const heading = once(() => readText(title));
  const stems = once(() => new Set([...toStems(whole), ...toMonths(whole)]));
  const quantities = once(() => indexQuantities(whole));
  const line = once(() => toLine(text));
  const sentences = once(() => readSentences(text, columns));
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

/** Longer names of columns are not read with each row again: reading them would take longer than all else. */
const COLUMNS_CHARS_MAX = 400;

/** A table's row is read with the names of its columns, which state nothing by themselves. */
function readSentences(text: string, columns: string | undefined): readonly (Reading & Span)[] {
  const all = splitSentences(text).map(({ start, end }) => ({
    start,
    end,
    said: text.slice(start, end),
  }));
  let names = columns;
  return all.flatMap(({ said, ...span }, at) => {
    if (!isTableLine(said)) names = undefined;
    const isNames = isTableLine(said) && isTableFrame(all[at + 1]?.said ?? "");
    if (isNames) names = said;
    if (isNames || isTableFrame(said)) return [];
    const isShort = names !== undefined && names.length <= COLUMNS_CHARS_MAX;
    return [Object.assign(readText(isShort ? `${said}\n${names}` : said), span)];
  });
}

/** Stems between blanks, for looking up a run of words. */
export function toLine(text: string): string {
  return ` ${toWords(text)
    .map(({ stem }) => stem)
    .join(" ")} `;
}
