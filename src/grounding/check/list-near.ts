/** The sentences of the evidence that speak of what a claim does. */
import type { Evidence, Said } from "./evidence.ts";
import type { Reading } from "./reading.ts";

/** A sentence with less of the claim's words is another matter. */
const SHARE_MIN = 0.5;

export function listNear(
  { content }: Reading,
  evidence: readonly Pick<Evidence, "sentences">[],
): readonly Said[] {
  return evidence
    .flatMap(({ sentences }) => sentences)
    .filter((said) => said.content.intersection(content).size >= content.size * SHARE_MIN);
}
