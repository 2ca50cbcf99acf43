/** Words of a text for matching: folded, stemmed, with their offsets. Scripts without blanks, and Korean with its endings, go by character pairs. */
import { stemmer } from "stemmer";

export interface Word {
  /** Lower case, no accents, English stem. */
  readonly stem: string;
  /** As it stands in the text. */
  readonly surface: string;
  /** Offset of its first UTF-16 code unit. */
  readonly start: number;
}

const WORD = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}]+)?/gu;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Hangul}]/u;
const PLAIN = /^[a-z]+$/;
const MARKS = /\p{M}+/gu;

/** Every word in order. A run of a script without blanks gives one entry a pair of characters, or the single character it is. */
export function toWords(text: string): readonly Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(WORD)) {
    const surface = match[0];
    const stem = toStem(surface);
    if (stem === undefined) addPairs(words, surface, match.index);
    else words.push({ stem, surface, start: match.index });
  }
  return words;
}

/** Distinct stems of the words that carry meaning. */
export function toContentStems(text: string): ReadonlySet<string> {
  return new Set(listContentStems(toWords(text)));
}

/** The stem of every word that carries meaning, in order. */
export function listContentStems(words: readonly Word[]): readonly string[] {
  return words.map(({ stem }) => stem).filter((stem) => !isFunctionStem(stem));
}

/** By surface; `undefined` is a run of a script without blanks. */
const stems = new Map<string, string | undefined>();
const STEMS_MAX = 50_000;
/** What is longer is no word that comes again, and many of them would fill the memory. */
const KEPT_CHARS_MAX = 40;

function toStem(surface: string): string | undefined {
  const known = stems.get(surface);
  if (known !== undefined || stems.has(surface)) return known;
  const stem = isUnspaced(surface) ? undefined : makeStem(surface);
  if (surface.length > KEPT_CHARS_MAX) return stem;
  if (stems.size >= STEMS_MAX) stems.clear(); // bounded; refills with what is in use
  stems.set(surface, stem);
  return stem;
}

function makeStem(surface: string): string {
  const folded = fold(surface)
    .replace(/['’]s?$/u, "")
    .replace(/['’]/gu, "");
  return PLAIN.test(folded) ? stemmer(folded) : folded;
}

function fold(text: string): string {
  return text.normalize("NFKD").replace(MARKS, "").toLowerCase();
}

function addPairs(words: Word[], run: string, offset: number): void {
  const characters = Array.from(run);
  if (characters.length === 1) words.push({ stem: run, surface: run, start: offset });
  let start = offset;
  for (const [index, character] of characters.entries()) {
    const next = characters[index + 1];
    if (next === undefined) break;
    const pair = `${character}${next}`;
    words.push({ stem: pair, surface: pair, start });
    start += character.length;
  }
}

/** Words that say nothing of what a text is about. */
const FUNCTION_WORDS =
  "a about above after again against all also am an and any are as at be because been before being below " +
  "between both but by can could did do does doing down during each few for from further had has have having " +
  "he her here hers him his how i if in into is it its itself just me more most my no nor not now of off on " +
  "once only or other our out over own same she should so some such than that the their them then there these " +
  "they this those through to too under until up us very was we were what when where which while who whom why " +
  "will with would you your many much may might must shall name called";

const FUNCTION_STEMS: ReadonlySet<string> = new Set(
  FUNCTION_WORDS.split(" ").flatMap((word) => [word, stemmer(word)]),
);

/** Is it in a script that puts no blanks between words? Then an entry of `toWords` is no word of its own. */
export function isUnspaced(surface: string): boolean {
  return UNSPACED.test(surface);
}

/** Pairs of characters that ask, point or end a sentence. A pair of Hiragana alone is hardly ever a word of its own. */
const FUNCTION_PAIR =
  /^[\p{Script=Hiragana}ー]+$|[吗嗎呢什谁誰哪怎何么]|^[的是了]|[是了]$|^(?:多少|几[个年天]|为[什何]|有[多几])$|^(?:누구|무엇|무슨|뭐가|어디|언제|얼마|어떻|떻게|어떤|인가|가요|나요|까요|습니|니까|니다|입니|합니|있습|됩니|하나|되나|있나)$/u;
/** Scripts begin here that have none of the function words above. */
const FAR_EAST = 0x1100;

/** Is this stem a function word? */
export function isFunctionStem(stem: string): boolean {
  return FUNCTION_STEMS.has(stem) || (stem.charCodeAt(0) >= FAR_EAST && FUNCTION_PAIR.test(stem));
}
