/** Plain text: the file's own characters, under the headings that its writer set off, unless it is reStructuredText by all signs. */
import { findPlainHeadings } from "../../src/text/plain-headings.ts";
import { toSections } from "./headings.ts";
import { blankHidden } from "./hidden-text.ts";
import { toDocumentEvent } from "./load-event.ts";
import { isRst, readRst } from "./rst.ts";
import { createTextLoader } from "./text-loader.ts";
import { toFileTitle } from "./titles.ts";

/** One prose document, titled by its file name. */
export const loadPlainText = createTextLoader((raw, file, limits) => {
  if (isRst(raw)) return readRst(raw, file, limits);
  const text = blankHidden(raw);
  const sections = toSections(findPlainHeadings(text));
  const shown = { title: toFileTitle(file.id), text, sections };
  return [toDocumentEvent(file, { ...shown, kind: "prose" })];
});
