/** A passage as evidence: read once, asked for every sentence that rests on it. */
import { oncePer } from "../../async/once.ts";
import { toContent } from "../../domain/chunk.ts";
import type { Passage } from "../../domain/event.ts";
import { type LanguageSigns, readLanguageSigns } from "../../text/language.ts";
import { indexQuantities } from "../../text/quantity-index.ts";
import { toSmall } from "../../text/number-words.ts";
import { toPlainText, withoutEmphasis } from "../../text/plain-text.ts";
import { splitStatements } from "../../text/record.ts";
import type { Span } from "../../text/sentences.ts";
import { toStems } from "../../text/stems.ts";
import { isTableFrame } from "../../text/table-frame.ts";
import { listSpannedDays } from "../../text/weekdays.ts";
import { toWords } from "../../text/words.ts";
import { type Reading, readText, toMonths } from "./reading.ts";
import { addEntries, readEntry } from "../entries.ts";
import { listHeadings, listSections } from "../sections.ts";
import { isTableLine, toCells } from "../table-rows.ts";

/** Each part is read when it is first asked for: most claims are settled by the words alone. */
export interface Evidence extends Pick<Reading, "stems" | "quantities"> {
  /** Stems in order, each between blanks, to find quotations in. */
  readonly line: string;
  /** Title and headings of the whole. */
  readonly heading: Reading;
  readonly sentences: readonly Said[];
  readonly language: LanguageSigns;
}

/** A sentence, with what it stands under. */
export interface Said extends Reading, Span {
  /** Title and headings. */
  readonly heading: Reading;
  /** The headings alone. */
  readonly section: Reading;
  /** Where it is the row of a table, or an entry of a list: its cells, and the names of their columns. */
  readonly row?: { readonly cells: readonly string[]; readonly names: readonly string[] };
}

/** What a passage says, title and headings included. */
export const toEvidence = oncePer((passage: Passage): Evidence => {
  const { title, text, location } = passage;
  // The very text that was read when the passage was found.
  const whole = toContent(passage);
  const toHeadings = (section: readonly string[]): readonly string[] =>
    listHeadings(passage, section);
  return new ReadParts({ text, title, whole, columns: location.columns, toHeadings });
});

/** The same for a text by itself; offsets of sentences are into the text. */
export function readEvidence(text: string, title = ""): Evidence {
  const whole = `${title}\n${text}`;
  return new ReadParts({ text, title, whole, columns: undefined, toHeadings: (own) => own });
}

interface Parts {
  readonly text: string;
  readonly title: string;
  readonly whole: string;
  /** Of the table that the text begins in the middle of. */
  readonly columns: string | undefined;
  /** All headings above one of the text's own sections. */
  readonly toHeadings: (section: readonly string[]) => readonly string[];
}

const readLanguage = perStems(readLanguageSigns);
const readForms = perStems((whole): readonly string[] => [
  ...toMonths(whole),
  ...toOtherForms(toPlainText(whole)),
]);

/** An object with what was read of it so far: an answer's sentences ask for most parts of few passages. */
class ReadParts implements Evidence {
  readonly #parts: Parts;
  #stems?: ReadonlySet<string>;
  #quantities?: Evidence["quantities"];
  #line?: string;
  #heading?: Reading;
  #sentences?: readonly Said[];

  constructor(parts: Parts) {
    this.#parts = parts;
  }
  get stems(): ReadonlySet<string> {
    const { whole } = this.#parts;
    return (this.#stems ??= new Set([...toStems(whole), ...readForms(whole)]));
  }
  get quantities(): Evidence["quantities"] {
    return (this.#quantities ??= indexQuantities(withoutEmphasis(this.#parts.whole)));
  }
  get line(): string {
    return (this.#line ??= toLine(this.#parts.text));
  }
  get heading(): Reading {
    const { title, toHeadings } = this.#parts;
    return (this.#heading ??= readText([title, ...toHeadings([])].join(". ")));
  }
  get sentences(): readonly Said[] {
    return (this.#sentences ??= readSentences(this.#parts));
  }
  get language(): LanguageSigns {
    return readLanguage(this.#parts.whole, this.#parts.text);
  }
}

/** Remembers what is read of a passage with the stems of its whole (`toStems`): it is read again with the next question. */
function perStems<T>(read: (text: string) => T): (whole: string, text?: string) => T {
  const known = new WeakMap<readonly string[], { readonly value: T }>();
  return (whole, text = whole) => {
    const key = toStems(whole);
    const made = known.get(key) ?? { value: read(text) };
    known.set(key, made);
    return made.value;
  };
}

/** Longer names of columns are not read with each row again: reading them would take longer than all else. */
const COLUMNS_CHARS_MAX = 400;

/** A table's row is read with the names of its columns, which state nothing by themselves. */
function readSentences({ text, title, columns, toHeadings }: Parts): readonly Said[] {
  const spans = splitStatements(text);
  const sections = addEntries(text, spans, listSections(text, spans));
  const all = spans.map(({ start, end }) => ({ start, end, said: text.slice(start, end) }));
  const toPlace = oncePer((section: readonly string[]): Pick<Said, "heading" | "section"> => {
    const headings = toHeadings(section);
    const heading = readText([title, ...headings].join(". "));
    return { heading, section: readText(headings.join(". ")) };
  });
  let names = columns === undefined ? undefined : withoutEmphasis(columns);
  return all.flatMap(({ said, ...span }, at) => {
    if (!isTableLine(said)) names = undefined;
    const plain = toPlainText(said);
    const isNames = isTableLine(said) && isTableFrame(all[at + 1]?.said ?? "");
    if (isNames) names = plain;
    if (isNames || isTableFrame(said)) return [];
    const isShort = names !== undefined && names.length <= COLUMNS_CHARS_MAX;
    const reading = readText(isShort ? `${plain}\n${names}` : plain);
    const row =
      names === undefined ? toEntryRow(plain) : { cells: toCells(plain), names: toCells(names) };
    const place = { ...span, ...toPlace(sections[at] ?? []) };
    return [
      Object.assign(
        reading,
        { ...toKnown(reading, toOtherForms(plain)), ...place },
        row && { row },
      ),
    ];
  });
}

/** `- Basic: 5 € a month` */
function toEntryRow(said: string): Said["row"] {
  const entry = readEntry(said);
  return entry && { cells: [entry.term, entry.meaning], names: [] };
}

/** Both begin with what is rare, and look back from there: the whole of every passage is searched for them. */
const HYPHENATED = /-(?<=(?<![\p{L}\p{N}-])(\p{L}+)-)(\p{L}+)(?![\p{L}\p{N}-])/gu;
const NAME = /\p{Lu}(?<!\p{L}\p{Lu})\p{Ll}+(?:[\s-]\p{Lu}\p{Ll}+){1,4}(?!\p{L})/gu;

const QUARTER =
  /(?<!\p{L})(first|second|third|fourth|erste[nrms]?|zweite[nrms]?|dritte[nrms]?|vierte[nrms]?)[\s-](?:quarter|quartal)/giu;

/** Stems of what an answer may write for it: `nonprofit` for `non-profit`, `HR` for `Human Resources`. */
function toOtherForms(text: string): readonly string[] {
  const joined = Array.from(text.matchAll(HYPHENATED), ([, one = "", two = ""]) => one + two);
  const short = (text.match(NAME) ?? []).map((name) => name.replaceAll(/[^\p{Lu}]/gu, ""));
  const quarters = Array.from(text.matchAll(QUARTER), ([, ordinal = ""]) => `Q${toSmall(ordinal)}`);
  return [...joined, ...short, ...quarters, ...listSpannedDays(text)].flatMap((form) =>
    toWords(form).map(({ stem }) => stem),
  );
}

/** What the sentence has with these forms; most have none. */
function toKnown(
  { stems, content }: Reading,
  forms: readonly string[],
): Pick<Reading, "stems" | "content"> {
  if (forms.length === 0) return { stems, content };
  const all = new Set(forms);
  return { stems: stems.union(all), content: content.union(all) };
}

/** Stems between blanks, for looking up a run of words. */
export function toLine(text: string): string {
  return ` ${toWords(text)
    .map(({ stem }) => stem)
    .join(" ")} `;
}
