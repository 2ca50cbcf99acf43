/** A document put together of parts that were read apart from each other. */
import type { Section } from "../document.ts";

/** Text with its sections, their offsets counted from its own start. */
export interface TextPart {
  readonly text: string;
  readonly sections: readonly Section[];
}

const GAP = "\n\n";

/** The parts as one, a blank line between them. */
export function joinParts(parts: readonly TextPart[]): TextPart {
  const sections: Section[] = [];
  let length = 0;
  for (const part of parts) {
    if (length > 0) length += GAP.length;
    for (const section of part.sections)
      sections.push({ ...section, start: section.start + length });
    length += part.text.length;
  }
  return { text: parts.map(({ text }) => text).join(GAP), sections };
}
