/** Is what a claim says of one name told of a longer one? `The Orion Pro weighs 221 g`, of `the Orion Pro Max weighs 221 g`, where the evidence knows both. */
import { oncePer } from "../../async/once.ts";
import { isFunctionStem, type Word } from "../../text/words.ts";
import type { Evidence, Said } from "./evidence.ts";
import type { Reading } from "./reading.ts";

/** A run of more words is a title in capitals, or a table. */
const NAME_WORDS_MAX = 8;

/** In all sentences that share most with the claim, while another has the short name by itself. */
export function isOfLongerName(
  claim: Reading,
  evidence: readonly Pick<Evidence, "sentences">[],
): boolean {
  const names = listNames(claim);
  if (names.length === 0) return false;
  const sentences = evidence.flatMap((one) => one.sentences);
  const shares = sentences.map(({ content }) => content.intersection(claim.content).size);
  const most = Math.max(0, ...shares);
  const nearest = sentences.filter((_, at) => shares[at] === most);
  return names.some(
    (name) =>
      nearest.every((said) => hasOnlyLonger(said, name, claim)) &&
      sentences.some((said) => listPlaces(said, name).some((end) => !goesOn(said, end))),
  );
}

/** Runs of words with a capital or a number, as stems, each once. */
function listNames(reading: Reading): readonly (readonly string[])[] {
  const names: string[][] = [];
  for (const [at, { stem }] of reading.words.entries()) {
    if (!isOfName(reading.words, at)) continue;
    if (at > 0 && goesOn(reading, at - 1) && isOfName(reading.words, at - 1))
      names.at(-1)?.push(stem);
    else names.push([stem]);
  }
  const short = names.filter(({ length }) => length <= NAME_WORDS_MAX);
  return [...new Map(short.map((name) => [name.join(" "), name])).values()];
}

/** Stem → where it stands among the words. */
const indexWords = oncePer(({ words }: Pick<Said, "words">) =>
  Map.groupBy(words.keys(), (at) => words[at]?.stem),
);

/** Where the name stands, each as the place of its last word. */
function listPlaces(said: Pick<Said, "words">, name: readonly string[]): readonly number[] {
  const starts = indexWords(said).get(name[0]) ?? [];
  return starts
    .filter((at) => name.every((stem, step) => said.words[at + step]?.stem === stem))
    .map((at) => at + name.length - 1);
}

/** And with a word that the claim lacks: `a marathon in Berlin` is the `Berlin Marathon`. */
function hasOnlyLonger(said: Said, name: readonly string[], { stems }: Reading): boolean {
  const ends = listPlaces(said, name);
  const isLonger = (end: number): boolean =>
    goesOn(said, end) && !stems.has(said.words[end + 1]?.stem ?? "");
  return ends.length > 0 && ends.every(isLonger);
}

/** Does a name go on behind the word with nothing but a blank between? */
function goesOn({ words, text }: Pick<Reading, "words" | "text">, at: number): boolean {
  const [own, next] = [words[at], words[at + 1]];
  if (own === undefined || next === undefined || !isOfName(words, at + 1)) return false;
  return text.slice(own.start + own.surface.length, next.start) === " ";
}

function isOfName(words: readonly Word[], at: number): boolean {
  const { surface = "", stem = "" } = words[at] ?? {};
  return /^[\p{Lu}\p{N}]/u.test(surface) && !isFunctionStem(stem);
}
