/** Guesses the language of a collection from its first texts: by script first, then by the commonest words. */
import type { CollectionSpec } from "../../src/domain/collection.ts";

export type TextAnalysis = Pick<CollectionSpec, "language" | "tokenizer">;

/** Scripts in which blanks do not separate words. */
const WITHOUT_BLANKS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;
/** Scripts whose vowel signs the plain tokenizer takes for the end of a word. */
const WITH_MARKS =
  /[\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Tibetan}\p{Script=Ethiopic}]/gu;
/** From this share of all letters on, the collection needs the tokenizer that knows all scripts. */
const ICU_SHARE_MIN = 0.05;

/** One of these makes up most of the letters: the language is decided. */
const BY_SCRIPT: readonly (readonly [language: string, script: RegExp])[] = [
  ["greek", /\p{Script=Greek}/gu],
  ["arabic", /\p{Script=Arabic}/gu],
  ["tamil", /\p{Script=Tamil}/gu],
];

/** Words so common that a text of some length holds many of them, and few of another language's. */
const COMMON_WORDS: Readonly<Record<string, string>> = {
  danish:
    "og det at en den til er som på de med af for ikke der var jeg et har om vi havde hun nu da fra du ud sin dem os op mig blev af hvad",
  dutch:
    "de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem dan zou wat mijn men dit zo door over ze",
  english:
    "the of and to in is that it was for on are as with his they at be this from have or by one had not but what all were when we there can an",
  finnish:
    "ja on ei se että en hän oli mutta ovat joka kun niin myös jos sen mitä tämä hänen kuin ole sitä vain olla kanssa jotka nyt tai ollut",
  french:
    "le de un à être et en avoir que pour dans ce il qui ne sur se pas plus par je avec tout faire les des est une la du au aux cette sont",
  german:
    "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei",
  hungarian:
    "a az és hogy nem is egy ez volt meg csak de ha már mint még el vagy ki ezt azt mert kell lehet nagyon majd minden van sem amely",
  italian:
    "di e il la che in un a per è una sono con non le si da come del dei della più ma al anche gli nel alla questo i lo ha delle",
  norwegian:
    "og i det på som er en til at av for ikke med den har de et fra var jeg om å han men hun så vi kan nå ble seg skal hva eller mot",
  portuguese:
    "de que o a e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser são",
  romanian:
    "de și în la cu a pe nu că este din un o se mai ce care pentru sunt au fost sau dar prin lui sa al fi ca după fără între",
  russian:
    "и в не на я что он с как это по но они к у из за от так о же все она бы было для вы мы его только или быть при",
  spanish:
    "de la que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o este sí porque esta son",
  swedish:
    "och i att det som en på är av för med till den har de inte om ett han men var jag från vi kan så när nu ska eller hon sig",
  turkish:
    "ve bir bu da de için ile çok ne o gibi daha ama var mi olarak kadar sonra olan ben her en değil ya şey diye ki ise",
};
const WORD_SETS = Object.entries(COMMON_WORDS).map(
  ([language, words]) => [language, new Set(words.split(" "))] as const,
);

const SAMPLE_CHARS_MAX = 100_000;
const WORDS_MIN = 10;
/** In running prose a quarter to a half of all words are common ones; in other languages' prose below a tenth. */
const COMMON_SHARE_MIN = 0.12;
/** How much more common than the next language's, for a language to be sure. */
const LEAD_MIN = 1.15;

/**
 * The language and tokenizer for these texts. `none` where no language is clearly the one: an index
 * without stemming serves every language, a wrong stemmer harms.
 */
export function detectLanguage(texts: Iterable<string>): TextAnalysis {
  const sample = toSample(texts);
  const letters = count(sample, /\p{L}/gu);
  if (letters === 0) return { language: "none", tokenizer: "words" };
  const special = count(sample, WITHOUT_BLANKS) + count(sample, WITH_MARKS);
  const tokenizer = special >= letters * ICU_SHARE_MIN ? "icu" : "words";
  const byScript = BY_SCRIPT.find(([, script]) => count(sample, script) > letters / 2)?.[0];
  if (byScript !== undefined) return { language: byScript, tokenizer };
  if (special > letters / 2) return { language: "none", tokenizer };
  return { language: detectByWords(sample), tokenizer };
}

function toSample(texts: Iterable<string>): string {
  let sample = "";
  for (const text of texts) {
    sample += `${text.slice(0, SAMPLE_CHARS_MAX - sample.length)}\n`;
    if (sample.length >= SAMPLE_CHARS_MAX) break;
  }
  return sample.normalize("NFC");
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function detectByWords(sample: string): string {
  const words = sample.toLowerCase().match(/\p{L}+/gu) ?? [];
  if (words.length < WORDS_MIN) return "none";
  const [best, next] = WORD_SETS.map(([language, common]) => ({
    language,
    share: words.filter((word) => common.has(word)).length / words.length,
  })).toSorted((one, other) => other.share - one.share);
  if (best === undefined || next === undefined || best.share < COMMON_SHARE_MIN) return "none";
  return best.share >= next.share * LEAD_MIN ? best.language : "none";
}
