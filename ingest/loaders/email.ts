/** An email as Markdown: who wrote what to whom and when, its words, and the names of what was attached. */
import PostalMime, { type Address, type Email } from "postal-mime";
import { stripHidden, toTitle } from "./hidden-text.ts";
import { toMarkdown } from "./html.ts";
import type { IngestLimits } from "../limits.ts";
import { type FileReference, type LoadEvent, type Loader, toProblem } from "./load-event.ts";
import { toMarkdownDocument } from "./markdown.ts";
import { toMetadata } from "./metadata.ts";
import { toFileTitle } from "./titles.ts";

/** Parts within parts, and bytes of all headers: honest mail stays far below. */
const LIMITS = { maxNestingDepth: 32, maxRfc822NestingDepth: 8, maxHeadersSize: 2 ** 20 };
/** Names that stand in one line. */
const NAMES_MAX = 50;

export const loadEmail: Loader = async function* load(
  bytes,
  file,
  limits,
): AsyncGenerator<LoadEvent> {
  const email = await PostalMime.parse(bytes, LIMITS);
  const { from, subject, date, messageId } = email;
  if ((from ?? subject ?? date ?? messageId) === undefined) {
    const advice = "give it its true extension, or save the message anew";
    yield toProblem(file.id, "damaged", `is no email; ${advice}`);
    return;
  }
  const body = toBody(email, file, limits);
  if (typeof body !== "string") {
    yield body;
    return;
  }
  const title = toTitle(subject ?? "", limits.titleCharsMax);
  const [sender, ...to] = [from === undefined ? [] : [from], email.to, email.cc].map(toNames);
  const fields = [
    ["From", sender],
    ["To", to[0]],
    ["Cc", to[1]],
    ["Date", toShownDate(date)],
  ].filter((field): field is [string, string] => field[1] !== undefined && field[1] !== "");
  const attached = email.attachments
    .filter(({ related, filename }) => related !== true && filename !== null)
    .map(({ filename }) => toTitle(filename ?? "", limits.titleCharsMax));
  const text = [
    title === "" ? "" : `# ${title}`,
    fields.map(([name, value]) => `${name}: ${value}`).join("\n"),
    body,
    attached.length === 0 ? "" : `Attachments: ${attached.slice(0, NAMES_MAX).join(", ")}`,
  ];
  const markdown = text.filter((part) => part !== "").join("\n\n");
  const loaded = toMarkdownDocument(markdown, file, limits);
  const metadata = toMetadata(
    fields.map(([name, value]) => [name.toLowerCase(), value]),
    limits,
  );
  yield {
    type: "document",
    document: { ...loaded, title: title === "" ? toFileTitle(file.id) : title, metadata },
  };
};

/** The page where there is one, since it has the tables and lists; else the plain words. */
function toBody(
  { html, text = "" }: Email,
  file: FileReference,
  limits: IngestLimits,
): string | LoadEvent {
  const plain = stripHidden(text)
    .replace(/^(\s*)(#{1,6}\s|```|~~~)/gm, "$1\\$2")
    .trim();
  if (html === undefined) return plain;
  const { problem, markdown } = toMarkdown(html, file, limits);
  if (problem !== undefined && plain === "") return problem;
  return markdown === undefined || markdown === "" ? plain : markdown;
}

function toNames(addresses: readonly Address[] | undefined): string {
  const names = (addresses ?? []).flatMap(({ name, address, group }) => {
    if (group !== undefined) return [name];
    return [name === "" || name === address ? address : `${name} <${address}>`];
  });
  const line = names.slice(0, NAMES_MAX).join(", ");
  return stripHidden(line).replace(/\s+/g, " ").trim();
}

/** `2025-03-04 15:30` in UTC; as it is written where it is no date. */
function toShownDate(date: string | undefined): string {
  return (date ?? "").replace(/^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}).*$/, "$1 $2 UTC").slice(0, 100);
}
