/** Does a passage lack a name of the question that the best one holds? It speaks of the like, of someone or something else. */
import { toReadable } from "../../domain/chunk.ts";
import type { Passage } from "../../domain/event.ts";
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
  const words = toWords(text);
  const named = new Set(words.flatMap((word) => (isName(word, text) ? word.stem : [])));
  const plain = words.flatMap(({ surface, stem }) => (/^\p{Ll}/u.test(surface) ? stem : []));
  const written = named.difference(new Set(plain));
  return toQuestionWords(question).filter(
    (word) => isName(word, question) || written.has(word.stem),
  );
}

function isAcronym({ surface }: Word): boolean {
  return /^\p{Lu}{2,}$/u.test(surface);
}

function toHeld(passage: Passage): ReadonlySet<string> {
  return new Set(toStems(`${toPlace({ passage, section: [] })}\n${toReadable(passage)}`));
}
