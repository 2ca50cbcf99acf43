/** Jupyter notebooks: their text and code in order, as one Markdown document. What running them printed is left out. */
import * as z from "zod";
import { parseJson } from "../../src/text/parse-json.ts";
import { type LoadEvent, toProblem } from "./load-event.ts";
import { blankImages, toMarkdownDocument } from "./markdown.ts";
import { toFenced } from "./markdown-blocks.ts";
import { stripHidden } from "./hidden-text.ts";
import { createTextLoader } from "./text-loader.ts";

/** A text, or its lines with their line breaks. */
const Source = z
  .union([z.string(), z.array(z.string())])
  .transform((source) => (typeof source === "string" ? source : source.join("")));
const Notebook = z.object({
  cells: z.array(z.object({ cell_type: z.string(), source: Source })),
  /** A language that nothing is known of keeps no notebook from being read. */
  metadata: z
    .object({ language_info: z.object({ name: z.string().regex(/^[\w+#.-]{1,40}$/) }) })
    .optional()
    .catch(undefined),
});

export const loadNotebook = createTextLoader((raw, file, limits): Iterable<LoadEvent> => {
  const parsed = Notebook.safeParse(parseJson(raw));
  if (!parsed.success) {
    const advice = "is no notebook of format 4; save it anew with Jupyter";
    return [toProblem(file.id, "damaged", advice)];
  }
  const { cells, metadata } = parsed.data;
  const language = metadata?.language_info.name ?? "";
  const parts = cells
    .map(({ cell_type: type, source }) => ({
      type,
      source: blankImages(stripHidden(source)).trimEnd(),
    }))
    .filter(({ source }) => source.trim() !== "")
    .map(({ type, source }) => (type === "code" ? toFenced(source, language) : source));
  if (parts.length === 0) return [];
  return [{ type: "document", document: toMarkdownDocument(parts.join("\n\n"), file, limits) }];
});
