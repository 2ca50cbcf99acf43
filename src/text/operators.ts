/** Small words that change how much is claimed: of how many it holds, whether it must be or may be, of whom alone, at which rank. */
import { isFunctionStem, type Word } from "./words.ts";

type Kind = "amount" | "duty" | "rank" | "scope" | "certainty";

/** One of them, with the stem of the word that it is said of. */
export interface Operator {
  readonly kind: Kind;
  readonly value: string;
  readonly of: string;
}

/** A line: what is said, how much of it, and the words for it; longer ones first. */
const TABLE = `amount notall not all|not every|not each|nicht alle|pas tous
amount most almost all|nearly all|almost every|nearly every|most of|the majority of|a majority of|majority of|die meisten|la plupart des
amount part some of|some|certain|several|various|a few|quite a few|many|einige|manche|mehrere|viele|certains|certaines|plusieurs|algunos|algunas|muchos|muchas
amount few only a few|few|hardly any|very few|nur wenige|wenige|peu de|pocos|pocas
amount one exactly one|one of the|a single|only one
amount all all of|all|every one of|every|each of|each|alle|jede|jeder|jedes|jeden|sämtliche|tous les|toutes les|chaque|todos los|todas las|cada
scope only only|alone|solely|exclusively|nur|ausschließlich|seulement|uniquement|solo|únicamente
scope everyone everyone|everybody|anyone|anybody|all|also|even if|even when|regardless|alle|jeder|auch|tous|también|aussi
certainty sure always|proven|proved|certainly|definitely|undoubtedly|guaranteed|guarantees|guarantee|confirmed
certainty unsure may|might|could|can|probably|possibly|perhaps|likely|suspect|suspects|suspected|believed|allegedly|reportedly|appears|seems|presumably
duty must must|have to|has to|had to|need to|needs to|required to|obliged to|shall|müssen|muss|doit|doivent|debe|deben
duty may may|can|could|might|allowed to|permitted to|free to|dürfen|darf|können|kann|peut|peuvent|puede|pueden`;

const OPERATORS = TABLE.split("\n").flatMap((line) => {
  const [kind = "", value = "", ...rest] = line.split(" ");
  return rest
    .join(" ")
    .split("|")
    .map((phrase) => ({ kind: kind as Kind, value, words: phrase.split(" ") }));
});
const byFirst = Map.groupBy(
  OPERATORS.toSorted((a, b) => b.words.length - a.words.length),
  ({ words }) => words[0] ?? "",
);
/** They hold for all of a sentence, of whatever word they are said. */
const WHOLE: ReadonlySet<Kind> = new Set<Kind>(["scope", "certainty"]);

/** What is said → what then cannot be said for it. More is claimed than is known, or the contrary. */
const CLASHES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    notall: ["all"],
    most: ["all", "few"],
    part: ["all", "most", "few"],
    few: ["all", "most", "part"],
    one: ["all", "most", "part"],
    all: ["notall", "few"],
    allbut: ["all", "notall", "few"],
    must: ["may"],
    may: ["must"],
    only: ["everyone"],
    everyone: ["only"],
    unsure: ["sure"],
  }).map(([value, others]) => [value, new Set(others)] as const),
);

/** The operators of a text in order. */
export function findOperators(words: readonly Word[]): readonly Operator[] {
  const found: Operator[] = [];
  const contents = listNextContents(words);
  for (let at = 0; at < words.length; at += 1) {
    const own = listAt(words, at);
    const length = own[0]?.words.length ?? 0;
    for (const { kind, value } of own) {
      if (kind === "duty" && isForbidding(words[at + length])) continue;
      const of = contents[at + length];
      if (WHOLE.has(kind)) found.push({ kind, value, of: "" });
      else if (of !== undefined)
        found.push({ kind, value: toAllBut(value, words, at), of: of.stem });
    }
    if (length === 0 && isBareMost(words, at)) {
      found.push({ kind: "amount", value: "most", of: words[at + 1]?.stem ?? "" });
    }
    at += Math.max(0, length - 1);
  }
  return [...found, ...findRanks(words)];
}

/** For each place the word from there on that is no function word. Once for all of them: a text may be full of operators. */
function listNextContents(words: readonly Word[]): readonly (Word | undefined)[] {
  let next: Word | undefined;
  return words
    .toReversed()
    .map((word) => (next = isFunctionStem(word.stem) ? next : word))
    .toReversed();
}

const EXCEPTION =
  /^(?:except|excluding|exception|ausnahme|außer|ausgenommen|sauf|hormis|excepto|salvo)$/iu;
const EXCEPTION_WORDS = 6;

/** `All stations except one` are not all of them. */
function toAllBut(value: string, words: readonly Word[], at: number): string {
  const behind = words.slice(at, at + EXCEPTION_WORDS).map(({ surface }) => surface);
  const isExcept = behind.some(
    (word, index) => EXCEPTION.test(word) || (index > 0 && word === "but"),
  );
  return value === "all" && isExcept ? "allbut" : value;
}

/** The longest that begin at a word. */
function listAt(words: readonly Word[], at: number): typeof OPERATORS {
  const all = byFirst.get(words[at]?.surface.toLowerCase() ?? "") ?? [];
  const own = all.filter((one) => isAt(words, at, one.words));
  return own.filter((one) => one.words.length === own[0]?.words.length);
}

/** "May not" forbids as "must not" does. */
function isForbidding(behind: Word | undefined): boolean {
  return behind?.surface.toLowerCase() === "not";
}

function isAt(words: readonly Word[], at: number, phrase: readonly string[]): boolean {
  return phrase.every((word, index) => words[at + index]?.surface.toLowerCase() === word);
}

/** `Most customers`, but not `the most popular`. */
function isBareMost(words: readonly Word[], at: number): boolean {
  const [before = "", most = "", behind = ""] = [-1, 0, 1].map(
    (step) => words[at + step]?.surface.toLowerCase() ?? "",
  );
  return most === "most" && !/^(?:the|at|an?|of)$/u.test(before) && /[^su]s$/u.test(behind);
}

const SUPERLATIVE = /^\p{L}{2,}est$|^(?:most|least)$/u;
const ORDINAL =
  /^(?:second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\d+(?:st|nd|rd|th))$/iu;

/** `the largest`, `the second largest`, `one of the largest`. */
function findRanks(words: readonly Word[]): readonly Operator[] {
  return words.flatMap(({ surface, stem }, at): readonly Operator[] => {
    if (!SUPERLATIVE.test(surface)) return [];
    const before = words.slice(Math.max(0, at - 3), at).map((word) => word.surface.toLowerCase());
    const value = toRank(before);
    const isBare = /^(?:most|least)$/iu.test(surface);
    const of = isBare ? `${stem} ${words[at + 1]?.stem ?? ""}` : stem;
    return value === undefined ? [] : [{ kind: "rank", value, of }];
  });
}

function toRank(before: readonly string[]): string | undefined {
  const last = before.at(-1) ?? "";
  if (ORDINAL.test(last)) return last;
  if (last !== "the") return undefined;
  return /(?:^| )(?:one of|among) the$/u.test(before.join(" ")) ? "among" : "top";
}

/** Does one text claim of the same word more than the other, or the contrary? */
export function clash(claim: readonly Word[], evidence: readonly Word[]): boolean {
  const known = Map.groupBy(findOperators(evidence), ({ kind, of }) => `${kind} ${of}`);
  const said = new Map(
    [...known].map(([name, all]) => [name, new Set(all.map(({ value }) => value))]),
  );
  return findOperators(claim).some(({ kind, value, of }) => {
    const same = said.get(`${kind} ${of}`);
    if (same === undefined || same.has(value)) return false;
    if (kind === "rank") return value !== "among" || !same.has("top");
    return [...same].every((one) => CLASHES.get(one)?.has(value) === true);
  });
}
