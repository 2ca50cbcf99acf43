/** Stems of English words by Porter's second algorithm, as Snowball describes it (snowballstem.org, "english"), in its form without apostrophes. */

const DOUBLES = /(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/;
const SHORT_SYLLABLE = /(?:^[aeiouy][^aeiouy]|[^aeiouy][aeiouy][^aeiouywxY]|^past)$/;

/** Words with a stem of their own. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ["skis", "ski"],
  ["skies", "sky"],
  ["dying", "die"],
  ["lying", "lie"],
  ["tying", "tie"],
  ["idly", "idl"],
  ["gently", "gentl"],
  ["ugly", "ugli"],
  ["early", "earli"],
  ["only", "onli"],
  ["singly", "singl"],
  ...["sky", "news", "howe", "atlas", "cosmos", "bias", "andes"].map((word): [string, string] => [
    word,
    word,
  ]),
]);
const KEPT_AFTER_PLURAL = new Set(
  "evening inning outing canning herring earring proceed exceed succeed".split(" "),
);

const STEP_2: readonly (readonly [string, string])[] = [
  ["ization", "ize"],
  ["ational", "ate"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["iveness", "ive"],
  ["tional", "tion"],
  ["biliti", "ble"],
  ["lessli", "less"],
  ["entli", "ent"],
  ["ation", "ate"],
  ["alism", "al"],
  ["aliti", "al"],
  ["ousli", "ous"],
  ["iviti", "ive"],
  ["fulli", "ful"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["abli", "able"],
  ["izer", "ize"],
  ["ator", "ate"],
  ["alli", "al"],
  ["bli", "ble"],
  ["ogi", "og"],
  ["li", ""],
];
const STEP_3: readonly (readonly [string, string])[] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["alize", "al"],
  ["icate", "ic"],
  ["iciti", "ic"],
  ["ative", ""],
  ["ical", "ic"],
  ["ness", ""],
  ["ful", ""],
];
const STEP_4 = "ement ance ence able ible ment ant ent ism ate iti ous ive ize ion al er ic".split(
  " ",
);

/** The stem of a word of lower-case letters. */
export function toEnglishStem(word: string): string {
  const known = EXCEPTIONS.get(word);
  if (known !== undefined) return known;
  if (word.length < 3) return word;
  const marked = markConsonants(word);
  const [first, second] = findRegions(marked);
  const singular = dropPlural(marked);
  if (KEPT_AFTER_PLURAL.has(singular)) return singular;
  const past = dropPast(singular, first).replace(/(?<=.[^aeiouy])[yY]$/, "i");
  const derived = replaceLongest(past, STEP_2, first, mayReplace);
  const plain = replaceLongest(
    derived,
    STEP_3,
    first,
    (stem, suffix) => suffix !== "ative" || stem.length >= second,
  );
  return dropEnd(dropSuffix(plain, second), first, second).toLowerCase();
}

/** A y that is a consonant, at the beginning or behind a vowel, becomes Y. */
function markConsonants(word: string): string {
  let marked = "";
  for (const letter of word) {
    const isConsonant = letter === "y" && (marked === "" || /[aeiouy]$/.test(marked));
    marked += isConsonant ? "Y" : letter;
  }
  return marked;
}

/** Where the two regions begin in which suffixes count: behind the first consonant after a vowel, and again. */
function findRegions(word: string): readonly [number, number] {
  const prefix = /^(?:gener|commun|arsen|past|univers|later|emerg|organ|inter)/.exec(word)?.[0]
    .length;
  const first = prefix ?? behindSyllable(word, 0);
  return [first, behindSyllable(word, first)];
}

function behindSyllable(word: string, from: number): number {
  const found = /[aeiouy][^aeiouy]/.exec(word.slice(from));
  return found === null ? word.length : from + found.index + 2;
}

function dropPlural(word: string): string {
  if (word.endsWith("sses")) return word.slice(0, -2);
  if (/ie[ds]$/.test(word)) return word.length > 4 ? word.slice(0, -2) : word.slice(0, -1);
  if (/(?:us|ss)$/.test(word)) return word;
  return /[aeiouy].+s$/.test(word) ? word.slice(0, -1) : word;
}

function dropPast(word: string, first: number): string {
  const suffix = /(?:eedly|ingly|edly|eed|ing|ed)$/.exec(word)?.[0];
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  if (suffix.startsWith("eed")) return stem.length >= first ? `${stem}ee` : word;
  if (!/[aeiouy]/.test(stem)) return word;
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (DOUBLES.test(stem))
    return /^[aeo](?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(stem) ? stem : stem.slice(0, -1);
  return isShort(stem, first) ? `${stem}e` : stem;
}

function isShort(word: string, first: number): boolean {
  return first >= word.length && SHORT_SYLLABLE.test(word);
}

function replaceLongest(
  word: string,
  table: readonly (readonly [string, string])[],
  region: number,
  may: (stem: string, suffix: string) => boolean,
): string {
  const found = table.find(([suffix]) => word.endsWith(suffix));
  if (found === undefined) return word;
  const [suffix, replacement] = found;
  const stem = word.slice(0, -suffix.length);
  return stem.length >= region && may(stem, suffix) ? `${stem}${replacement}` : word;
}

function mayReplace(stem: string, suffix: string): boolean {
  if (suffix === "ogi") return stem.endsWith("l");
  return suffix !== "li" || /[cdeghkmnrt]$/.test(stem);
}

function dropSuffix(word: string, second: number): string {
  const suffix = STEP_4.find((one) => word.endsWith(one));
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  if (stem.length < second || (suffix === "ion" && !/[st]$/.test(stem))) return word;
  return stem;
}

function dropEnd(word: string, first: number, second: number): string {
  const stem = word.slice(0, -1);
  if (word.endsWith("e")) {
    const isIn = stem.length >= second;
    return isIn || (stem.length >= first && !SHORT_SYLLABLE.test(stem)) ? stem : word;
  }
  return word.endsWith("ll") && stem.length >= second ? stem : word;
}
