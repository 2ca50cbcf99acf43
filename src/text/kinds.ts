/** What a question asks the kinds of: `Which plans are there?` is answered by all of them. */
import { toWords } from "./words.ts";

const KINDS =
  /^\W*(?:what|which)\s+(?:(?:kind|type|sort)s?\s+of\s+)?(?:\p{Ll}+\s+)?(\p{L}{2,}s)\s+(?:are|were|do|does|did|can|could|have|exist|come)(?!\p{L})/iu;
/** Said of kinds, whatever they are of. */
const IDLE: ReadonlySet<string> = new Set(
  toWords("available offer offered have come comes exist sell sold provide provided possible").map(
    ({ stem }) => stem,
  ),
);

export interface Kinds {
  /** Stem of the name that each of them has. */
  readonly name: string;
  /** Stems of the question that no answer needs to have. */
  readonly idle: ReadonlySet<string>;
}

/** The kinds that a question in English asks for. */
export function readKinds(question: string): Kinds | undefined {
  const [name] = toWords(KINDS.exec(question)?.[1] ?? "");
  return name === undefined ? undefined : { name: name.stem, idle: IDLE };
}
