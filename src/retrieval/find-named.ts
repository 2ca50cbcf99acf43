/** Which passages' documents are named in other passages: how texts that do not link each other hang together. */
import { toStems } from "../text/stems.ts";
import { isFunctionStem } from "../text/words.ts";

export interface Titled {
  /** Of the document; may be empty. */
  readonly title: string;
  readonly text: string;
}

/** What tells namesakes apart, which is not written where one is named: `Avatar (film)`. */
const QUALIFIER = / \(.*$/;

/**
 * For each passage that one of `leads` names by its title, the first such lead. Passages and leads are named by
 * their position. A title of several words is found in any inflection, a single word only as it is written, because
 * many a title is an everyday word. Passed over are titles that `isAsked` knows in full: they were searched for.
 */
export function findNamed(
  passages: readonly Titled[],
  leads: readonly number[],
  isAsked: (stem: string) => boolean,
): ReadonlyMap<number, number> {
  const read = leads.map((lead) => ({ lead, ...toNaming(passages[lead]) }));
  const named = new Map<number, number>();
  for (const [index, { title }] of passages.entries()) {
    const name = title.replace(QUALIFIER, "");
    const stems = toStems(name);
    const own = stems.filter((stem) => !isFunctionStem(stem));
    if (own.every(isAsked)) continue;
    const holds = own.length > 1 ? holdsStems(stems) : holdsWord(name);
    const naming = read.find((one) => one.title !== title && holds(one));
    if (naming !== undefined) named.set(index, naming.lead);
  }
  return named;
}

interface Naming extends Titled {
  /** All stems of the text, each between spaces. */
  readonly stems: string;
}

function toNaming({ title, text }: Titled = { title: "", text: "" }): Naming {
  return { title, text, stems: ` ${toStems(text).join(" ")} ` };
}

function holdsStems(stems: readonly string[]): (naming: Naming) => boolean {
  const phrase = ` ${stems.join(" ")} `;
  return ({ stems: all }) => all.includes(phrase);
}

const WORD_AROUND = /[\p{L}\p{N}]/u;

function holdsWord(word: string): (naming: Naming) => boolean {
  return ({ text }) => {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
      const [before, after] = [text[at - 1] ?? "", text[at + word.length] ?? ""];
      if (!WORD_AROUND.test(before) && !WORD_AROUND.test(after)) return true;
    }
    return false;
  };
}
