/** Is a dot part of an abbreviation, an initial or a number in order, and ends no sentence? */

/** No sentence ends after these, whatever follows. Lower case, without the last dot. */
const ABBREVIATIONS: ReadonlySet<string> = new Set(
  (
    "dr mr mrs ms prof sr jr st mt rev hon gov sen rep gen col capt lt sgt vs cf approx resp ca al " +
    "fig figs eq eqs sec ref refs dept univ messrs " +
    "hr fr nr bzw vgl evtl ggf inkl zzgl " +
    "sra srta dra ud uds pág págs núm mme mlle mgr env sig dott ing"
  ).split(" "),
);
/** No sentence ends after these when a number follows. */
const BEFORE_NUMBERS: ReadonlySet<string> = new Set(
  (
    "no nos p pp vol ch chap art abs tab ver bd " +
    "jan feb mar apr jun jul aug sep sept oct nov dec"
  ).split(" "),
);
/** Abbreviations of several words; the last word may still be growing. */
const SPACED = new RegExp(
  String.raw`(?<![\p{L}\p{N}])(?:` +
    "(?:z\\.\\s?B|d\\.\\s?h|u\\.\\s?a|u\\.\\s?U|z\\.\\s?T|i\\.\\s?d\\.\\s?R|s\\.\\s?[ou]|o\\.\\s?[Äg]" +
    "|p\\.\\s?ej|c\\.?-à-d)(?:\\.|(?!\\p{L}))|[vn]\\.\\s?C(?:hr?)?(?!\\p{L}))",
  "gu",
);
const SPACED_CHARS_MAX = 8;
const WORD_CHARS_MAX = 12;

/** Behind a number with a dot these make it one in order, whatever stands before. */
const COUNTED: ReadonlySet<string> = new Set(
  (
    "januar jänner februar märz april mai juni juli august september oktober november dezember " +
    "obergeschoss untergeschoss stock stockwerk etage quartal halbjahr auflage jahrhundert weltkrieg"
  ).split(" "),
);
/** Not so where these stand before: English has some of these months too. */
const ENGLISH_BEFORE = /(?:^|\s)(?:to|in|of|is|was|at|by|from|than|and|until|since)\s*$/iu;
/** German, before a date or a storey: `am 24. Dezember`, `im 2. Obergeschoss`. */
const GERMAN_BEFORE =
  /(?:^|[\s(])(?:am|im|vom|zum|beim|bis|ab|seit|der|des|dem|den|das|die|jede[mnrs]?)\s*$/iu;

/** A sentence begins with these, and no name does. */
const OPENERS: ReadonlySet<string> = new Set(
  (
    "the a an it its this that these those there here he she we they you i in on at for from to of with by as if " +
    "when while where after before until since because although but and or so then thus however also not no do " +
    "does please see use each every all some any most many both only once " +
    "der die das den dem ein eine einen es er sie wir ihr dies diese dieser dieses dann danach dort da hier wenn " +
    "bei beim im am ab auf aus für mit nach von vor zu zum zur und oder aber auch nicht kein keine bitte man alle"
  ).split(" "),
);
/** In small letters before an initial: `by J. Smith`, `the author J. Smith`. */
const BEFORE_INITIALS: ReadonlySet<string> = new Set(
  (
    "by and or with of from to for than as that when if but like after before while where about against between " +
    "is was are were in on at the both including named called says said et und oder von van de der den del la le y i e " +
    "mit für zu bei par por avec author writer poet president senator judge king engineer physicist chemist director"
  ).split(" "),
);

/** A letter behind these is a label, with a capital or without. */
const LABELLED: ReadonlySet<string> = new Set(
  (
    "type class grade group level plan option vitamin section part appendix annex phase version step team zone " +
    "building block platform terminal unit category hepatitis schedule tier variant figure table exhibit " +
    "typ klasse stufe gruppe anhang anlage gebäude kategorie variante abschnitt teil"
  ).split(" "),
);

/** Marks of Markdown that may stand before an item's number. */
const OPENS_ITEM = /^(?:.|[#*_>\s(+•-]{0,12})$/su;

/** Is the dot at `at`, in the sentence begun at `start`, no end? What follows it begins with a capital or a digit. */
export function isAbbreviation(text: string, start: number, at: number): boolean {
  const before = text.slice(Math.max(start, at - WORD_CHARS_MAX), at);
  const word = /[\p{L}\p{N}.]+$/u.exec(before)?.[0] ?? "";
  const wordAt = at - word.length;
  if (/^\p{N}{1,4}$/u.test(word)) {
    // "1." that opens an item, and "## 1." a heading
    return OPENS_ITEM.test(text.slice(start, wordAt)) || isOrdinal(text, start, { word, wordAt });
  }
  if (isSpaced(text, start, at)) return true;
  if (/^\p{Lu}$/u.test(word)) return word !== "I" && isInitial(text, start, { word, wordAt });
  const lower = word.toLowerCase();
  if (/^(?:\p{L}\.)+\p{L}$/u.test(word)) return lower !== "a.m" && lower !== "p.m";
  if (ABBREVIATIONS.has(lower)) return true;
  return BEFORE_NUMBERS.has(lower) && /^\s*\d/u.test(text.slice(at + 1, at + 1 + WORD_CHARS_MAX));
}

/**
 * Does what `isAbbreviation` says of the last dot of a text depend on the whole of the next word? As long
 * as that word may grow, the answer may change.
 */
export function needsNextWord(sentence: string): boolean {
  return /(?:^|[^\p{L}\p{N}])(?:\p{N}{1,2}|\p{Lu})\.$/u.test(sentence);
}

interface Place {
  readonly word: string;
  readonly wordAt: number;
}

/** A dot within, or at the end of, an abbreviation of several words. */
function isSpaced(text: string, start: number, at: number): boolean {
  const from = Math.max(start, at - SPACED_CHARS_MAX);
  const near = text.slice(from, at + SPACED_CHARS_MAX);
  return [...near.matchAll(SPACED)].some(
    ({ index, 0: found }) => index + from < at && at < index + from + found.length,
  );
}

/** `am 24. Dezember`: a number of one or two digits that a word behind it or before it puts in order. */
function isOrdinal(text: string, start: number, { word, wordAt }: Place): boolean {
  if (word.length > 2) return false;
  const next = readNext(text, wordAt + word.length + 1);
  if (!/^\p{Lu}/u.test(next)) return false;
  const before = text.slice(Math.max(start, wordAt - WORD_CHARS_MAX), wordAt);
  const lower = next.toLowerCase();
  if (COUNTED.has(lower)) return !ENGLISH_BEFORE.test(before);
  return GERMAN_BEFORE.test(before) && !OPENERS.has(lower);
}

/** `J. Smith`; not `40 °C. The` and not `buffer type A. Shake`. */
function isInitial(text: string, start: number, { word, wordAt }: Place): boolean {
  const before = text.slice(Math.max(start, wordAt - WORD_CHARS_MAX * 2), wordAt);
  if (/°\s*$|\p{N}\s*$/u.test(before)) return false;
  const lead = /(?:^|[\s("“„'])(\p{L}[\p{L}\p{M}]*)\s+$/u.exec(before)?.[1];
  const opens = OPENERS.has(readNext(text, wordAt + word.length + 1).toLowerCase());
  if (lead === undefined) return before.trim() === "" || !opens;
  if (LABELLED.has(lead.toLowerCase())) return false;
  return !opens && (!/^\p{Ll}/u.test(lead) || BEFORE_INITIALS.has(lead));
}

function readNext(text: string, at: number): string {
  return /^\s*(\p{L}*)/u.exec(text.slice(at, at + WORD_CHARS_MAX * 2))?.[1] ?? "";
}
