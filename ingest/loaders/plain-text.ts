/** Plain text: the file's own characters, no structure read into them, unless it is reStructuredText by all signs. */
import { blankHidden } from "./hidden-text.ts";
import { toDocumentEvent } from "./load-event.ts";
import { isRst, readRst } from "./rst.ts";
import { createTextLoader } from "./text-loader.ts";
import { toFileTitle } from "./titles.ts";

/** One prose document, titled by its file name. */
export const loadPlainText = createTextLoader((text, file, limits) => {
  if (isRst(text)) return readRst(text, file, limits);
  const shown = { title: toFileTitle(file.id), text: blankHidden(text) };
  return [toDocumentEvent(file, { ...shown, sections: [], kind: "prose" })];
});
