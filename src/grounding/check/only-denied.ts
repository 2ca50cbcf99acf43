/** Does a claim assert what the evidence only denies, in words that it has elsewhere? `It runs on macOS`, of `it runs on Ubuntu; macOS is not supported`. */
import { isNegated } from "../../text/negation.ts";
import { toContentStems } from "../../text/words.ts";
import type { Evidence, Said } from "./evidence.ts";
import type { Reading } from "./reading.ts";

const BREAK =
  /[;,:()](?=\s)|(?<!\p{L})(?:but|while|whereas|aber|während|mais|tandis|pero|mientras)(?!\p{L})/iu;

/** Is there a word of it that the evidence has only in clauses that deny, and that have no other of its words? */
export function isOnlyDenied(
  claim: Reading,
  evidence: readonly Pick<Evidence, "sentences">[],
): boolean {
  if (claim.isNegated) return false;
  return [...claim.content].some((stem) => {
    const told = evidence.flatMap(({ sentences }) =>
      sentences.filter((one) => one.stems.has(stem)),
    );
    return told.length > 0 && told.every((said) => isDeniedAlone(stem, said, claim));
  });
}

function isDeniedAlone(stem: string, said: Said, { content }: Reading): boolean {
  if (!said.isNegated) return false;
  const parts = said.text.split(BREAK).map((text) => ({ text, stems: toContentStems(text) }));
  const own = parts.filter(({ stems }) => stems.has(stem));
  return (
    own.length > 0 &&
    own.every(({ text, stems }) => isNegated(text) && stems.intersection(content).size === 1)
  );
}
