/** Plain text: the file's own characters, no structure read into them. */
import { blankHidden } from "./hidden-text.ts";
import { createTextLoader } from "./text-loader.ts";
import { toFileTitle } from "./titles.ts";

/** One prose document, titled by its file name. */
export const loadPlainText = createTextLoader((text, { id }) => [
  {
    type: "document",
    document: {
      id,
      source: id,
      title: toFileTitle(id),
      text: blankHidden(text),
      sections: [],
      kind: "prose",
      metadata: {},
    },
  },
]);
