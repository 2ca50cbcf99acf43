/** Does a passage lack a name of the question that the best one holds? It speaks of the like, of someone or something else. */
import { toReadable } from "../../domain/chunk.ts";
import type { Passage } from "../../domain/event.ts";
import { readLanguageSigns, toLanguage } from "../../text/language.ts";
import { isName } from "../../text/names.ts";
import { toQuestionWords } from "../../text/question-words.ts";
import { toStems } from "../../text/stems.ts";
import { toWords, type Word } from "../../text/words.ts";
import { toPlace } from "../sentence-features.ts";

/**
 * Tells passages of other documents that lack a name of the question which the best one holds: the CEO of another company
 * beside the one asked for. Not where they hold another name of it instead, as either side of what connects two has its
 * own; an acronym is none, since it is often the very thing that is asked of each.
 */
export function createFewerNamesTest(
  question: string,
  best: Passage,
): (passage: Passage) => boolean {
  const asked = listNames(question, best);
  const names = new Set(asked.map(({ stem }) => stem));
  const others = new Set(asked.flatMap((word) => (isAcronym(word) ? [] : word.stem)));
  const held = names.intersection(toHeld(best));
  return (passage) => {
    if (passage.documentId === best.documentId && passage.collection === best.collection) {
      return false;
    }
    const own = toHeld(passage);
    return !held.isSubsetOf(own) && others.intersection(own).isSubsetOf(held);
  };
}

/** The names of the question, also one typed in small letters, as the best passage writes it. */
function listNames(question: string, best: Passage): readonly Word[] {
  const text = toReadable(best);
  const tell = toLanguage(readLanguageSigns(text)) === "de" ? isNameBesideName : isNameAt;
  const toNames = (words: readonly Word[], of: string): ReadonlySet<string> =>
    new Set(words.flatMap(({ stem }, at) => (tell(words, at, of) ? stem : [])));
  const words = toWords(text);
  const plain = words.flatMap(({ surface, stem }) => (/^\p{Ll}/u.test(surface) ? stem : []));
  const written = toNames(words, text).difference(new Set(plain));
  const names = toNames(toWords(question), question).union(written);
  return toQuestionWords(question).filter(({ stem }) => names.has(stem));
}

function isNameAt(words: readonly Word[], at: number, text: string): boolean {
  const word = words[at];
  return word !== undefined && isName(word, text);
}

/** In German every noun has a capital, and seldom stands beside another one: `Nordkraft AG`, `Frau Weber`. */
function isNameBesideName(words: readonly Word[], at: number, text: string): boolean {
  const isPair = (first: number): boolean =>
    isNameAt(words, first, text) &&
    isNameAt(words, first + 1, text) &&
    text.slice(toEnd(words[first]), words[first + 1]?.start) === " ";
  return isPair(at - 1) || isPair(at);
}

function toEnd(word: Word | undefined): number {
  return word === undefined ? 0 : word.start + word.surface.length;
}

function isAcronym({ surface }: Word): boolean {
  return /^\p{Lu}{2,}$/u.test(surface);
}

function toHeld(passage: Passage): ReadonlySet<string> {
  return new Set(toStems(`${toPlace({ passage, section: [] })}\n${toReadable(passage)}`));
}
