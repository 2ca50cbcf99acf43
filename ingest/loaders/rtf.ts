/** RTF as Markdown: headings by what their styles are called, lists, tables, notes. */
import { parseOffice } from "officeparser/slim";
import { fromByteText, toByteText } from "./byte-text.ts";
import { toTitle } from "./hidden-text.ts";
import { type LoadEvent, type Loader, toProblem } from "./load-event.ts";
import { loadOffice } from "./office.ts";
import { mendRtf } from "./rtf-mend.ts";

const SIGNATURE = "{\\rtf";
/** The bracket that opens the file closes it; some programs write zeros behind it. */
const END = /\}[\s\0]*$/;
const END_CHARS = 4_096;
/** A code page and a title stand at the beginning. */
const HEAD_CHARS = 200_000;
const CODE_PAGE = /\\ansicpg\d{1,5}/;
const TITLE = /\{\\title ([^{}]{1,2000})\}/;

export const loadRtf: Loader = async function* load(
  bytes,
  file,
  limits,
): AsyncGenerator<LoadEvent> {
  // The letters of all code pages stay as they are.
  const text = toByteText(bytes);
  if (!text.trimStart().startsWith(SIGNATURE)) {
    const advice = "give it its true extension, or save it anew as RTF";
    yield toProblem(file.id, "damaged", `is no RTF; ${advice}`);
    return;
  }
  if (!END.test(text.slice(-END_CHARS))) {
    const advice = "what there is of it was read; save or download it anew";
    yield toProblem(file.id, "damaged", `was cut short: ${advice}`, { severity: "warning" });
  }
  const mended = fromByteText(mendRtf(text));
  const event = await loadOffice(mended, { format: "rtf" }, file, limits);
  const title = toTitle(await readTitle(text.slice(0, HEAD_CHARS)), limits.titleCharsMax);
  const isNamed = event.type === "document" && title !== "";
  yield isNamed ? { ...event, document: { ...event.document, title } } : event;
};

/** The title that the file's properties have, which the parser passes over; it is read as a file of its own. */
async function readTitle(head: string): Promise<string> {
  const [, title = ""] = TITLE.exec(head) ?? [];
  if (title === "") return "";
  const [codePage = ""] = CODE_PAGE.exec(head) ?? [];
  const file = fromByteText(`{\\rtf1\\ansi${codePage} ${title}\\par}`);
  const { content } = await parseOffice(file, { fileType: "rtf" });
  return content.map((node) => node.text ?? "").join(" ");
}
