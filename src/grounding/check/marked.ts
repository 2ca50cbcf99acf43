/** The words and numbers of a text for laying it beside another, with a mark where a clause or an entry of a list begins or ends. */
import { isSmallWord } from "../../text/small-words.ts";
import { type Token, toTokens } from "./clauses.ts";
import type { Reading } from "./reading.ts";

export const MARK: Token = { key: "|", surface: "|", start: -1, number: undefined, isThing: false };

interface Marked extends Token {
  /** A form of `to be` stands right before it. */
  readonly isPassive?: boolean;
}

/** Is something done to what stands before it? */
export function isPassive(token: Marked): boolean {
  return token.isPassive === true;
}

const BREAK =
  /[.;:,!?()\n](?=\s|$)|(?<![\p{L}])(?:and|but|or|while|whereas|und|oder|aber|et|ou|mais|y|pero)(?![\p{L}])/giu;
const AUXILIARY =
  /^(?:has|have|had|does|do|did|will|hat|haben|a|ont|han?|(is|are|was|were|be|been|being|ist|sind|war|waren|wird|werden|wurden?|est|sont|fut|furent|es|son|fue|fueron))$/iu;

/** In order, with a mark at both ends; without auxiliary verbs, and a unit is part of its number. */
export function toMarked({ words, text, numbers }: Reading): readonly Token[] {
  const breaks = [...text.matchAll(BREAK)].map(({ index }) => index);
  const marked: Marked[] = [MARK];
  let [next, unitEnd, hasBe] = [0, 0, false];
  for (const token of toTokens(words, numbers)) {
    const auxiliary = AUXILIARY.exec(token.surface);
    if (auxiliary !== null) {
      hasBe ||= auxiliary[1] !== undefined;
      continue;
    }
    if (token.start < unitEnd) continue;
    unitEnd = token.number?.unitEnd ?? unitEnd;
    const at = next;
    while ((breaks[next] ?? Infinity) < token.start) next += 1;
    if (next > at) endClause(marked);
    const isThing = token.isThing && !isSmallWord(token.surface);
    marked.push({ ...token, isThing, isPassive: hasBe && isThing });
    hasBe &&= !isThing;
  }
  endClause(marked);
  return marked;
}

function endClause(marked: Token[]): void {
  if (marked.at(-1) !== MARK) marked.push(MARK);
}
