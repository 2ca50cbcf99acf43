/** Which language a text is in, told by its script and its most common words: enough to know that two texts are in different ones. */

/** Of each language what is in nearly every sentence; left out is what is mostly another word in English. */
const COMMON: Readonly<Record<string, string>> = {
  en: "the of and to is are for with that it by from be this which have has not can you your they their at its if when within must may been were each does do yes than but only should will who had into about there would could during between because two",
  de: "der die das den dem des ein eine einen einem einer eines und oder ist sind wird werden wurde wurden mit von vom zu zum zur nicht kein keine keinen auf für im bei beim nach über unter durch sich sie er ihr ihre als wie wenn dass nur noch ab bis um aus darf dürfen kann können muss müssen soll sollte haben ja nein pro sowie auch innerhalb jede jeder jedes jeden diese dieser dieses beträgt gilt",
  fr: "le la les un une des du et est sont dans pour par avec sur qui que ne pas au aux ce cette ces il elle ils elles sa ses leur leurs être peut peuvent doit doivent plus ou où oui se avant après sans",
  es: "el la los las un una y es en de del para por con que no se su sus al como más puede pueden debe deben hay sin hasta cada está están",
  it: "il lo la gli le un una è di del della dei delle che per con non si da dal dalla al alla sono nel nella più può deve possono devono entro ogni",
  pt: "o os um uma é são de do da dos das que para por com não se em na nas ao aos mais pode podem deve devem até cada",
  nl: "de het een en van zijn op te voor met niet dat die wordt worden bij door naar aan ook kan moet geen binnen",
};

const LANGUAGES = Object.keys(COMMON);
const BY_WORD = new Map<string, string[]>();
for (const [language, words] of Object.entries(COMMON)) {
  for (const word of words.split(" ")) {
    BY_WORD.set(word, [...(BY_WORD.get(word) ?? []), language]);
  }
}

const WORD = /[\p{L}\p{N}\p{M}]+(?:['’]\p{L}+)?/gu;
/** Part of a name in every language, where it stands in one: `Vincent van Gogh`. */
const PARTICLE = /^(?:van|von|de|del|della|di|da|do|dos|du|la|le|el)$/u;
const CAPITAL = /^\p{Lu}/u;

const LATIN = /\p{sc=Latn}/u;
const OTHER_LETTER = /[^\P{L}\p{sc=Latn}]/u;
/** So many Latin letters count as one of another script: there a character may be a word, and names are often Latin. */
const LATIN_LETTERS = 4;
const SCRIPTS = [
  ["kana", /[\p{sc=Hira}\p{sc=Kana}]/gu],
  ["han", /\p{sc=Han}/gu],
  ["hangul", /\p{sc=Hang}/gu],
  ["cyrillic", /\p{sc=Cyrl}/gu],
  ["arabic", /\p{sc=Arab}/gu],
  ["greek", /\p{sc=Grek}/gu],
  ["hebrew", /\p{sc=Hebr}/gu],
  ["thai", /\p{sc=Thai}/gu],
  ["devanagari", /\p{sc=Deva}/gu],
  ["latin", /\p{sc=Latn}/gu],
] as const;

/** What a text shows of its language. */
export interface LanguageSigns {
  /** The script of most of its letters. A text in Chinese characters with some kana is Japanese. */
  readonly script: string | undefined;
  /** Language → how many of its words are common ones there. */
  readonly counts: ReadonlyMap<string, number>;
  readonly words: number;
}

/** Reads the signs of a text. */
export function readLanguageSigns(text: string): LanguageSigns {
  const words = text.match(WORD) ?? [];
  const counts = new Map<string, number>();
  for (const [at, word] of words.entries()) {
    const languages = BY_WORD.get(word.toLowerCase());
    if (languages === undefined || isInName(words, at)) continue;
    for (const language of languages) counts.set(language, (counts.get(language) ?? 0) + 1);
  }
  return { script: toScript(text), counts, words: words.length };
}

function isInName(words: readonly string[], at: number): boolean {
  return (
    PARTICLE.test(words[at] ?? "") &&
    CAPITAL.test(words[at - 1] ?? "") &&
    CAPITAL.test(words[at + 1] ?? "")
  );
}

function toScript(text: string): string | undefined {
  // Most texts have Latin letters alone, and counting them takes longer than all else.
  if (!OTHER_LETTER.test(text)) return LATIN.test(text) ? "latin" : undefined;
  const letters = SCRIPTS.map(([script, pattern]) => {
    const count = text.match(pattern)?.length ?? 0;
    return { script, count: script === "latin" ? count / LATIN_LETTERS : count };
  });
  const most = letters.toSorted((a, b) => b.count - a.count)[0];
  if (most === undefined || most.count === 0) return undefined;
  const isJapanese = most.script === "han" && (letters[0]?.count ?? 0) > 0;
  return isJapanese ? "kana" : most.script;
}

/** Fewer common words tell no language, but for one in a sentence of some length that has none of the other language. */
const COMMON_MIN = 2;
const WORDS_MIN = 5;
/** So many times as many as of another language. */
const CLEAR = 2;

/** The language of a text with many words; undefined where it cannot be told. */
export function toLanguage({ counts }: LanguageSigns): string | undefined {
  const [most, next] = LANGUAGES.toSorted((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
  if (most === undefined) return undefined;
  const [count, rival] = [counts.get(most) ?? 0, counts.get(next ?? "") ?? 0];
  return count > COMMON_MIN && count > rival ? most : undefined;
}

/** Is a text clearly in another language than the other one? `false` where that cannot be told. */
export function isInOtherLanguage(text: LanguageSigns, other: LanguageSigns): boolean {
  if (text.script === undefined || other.script === undefined) return false;
  // Japanese has sentences without kana.
  if (text.script === "han" && other.script === "kana") return false;
  if (text.script !== other.script) return true;
  const there = toLanguage(other);
  if (there === undefined) return false;
  const own = text.counts.get(there) ?? 0;
  return LANGUAGES.some((language) => {
    const count = text.counts.get(language) ?? 0;
    const isEnough = count >= COMMON_MIN || (count > 0 && text.words >= WORDS_MIN);
    return isEnough && count > own * CLEAR;
  });
}
