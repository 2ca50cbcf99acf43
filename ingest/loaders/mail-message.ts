/** A message, whatever kind of file it came in, as Markdown: its head, its words, the messages in it, what is attached. */
import { countOf } from "../../src/text/count-of.ts";
import { stripHidden, toTitle } from "./hidden-text.ts";
import { toMarkdown } from "./html.ts";
import { type LoadEvent, type Problem, toDocumentEvent, toProblem } from "./load-event.ts";
import { type Attached, type MailReading, readAttachments } from "./mail-attachments.ts";
import { toMarkdownDocument } from "./markdown.ts";
import { escapeBlock } from "./markdown-blocks.ts";
import { toMetadata } from "./metadata.ts";
import { joinParts, type TextPart } from "./text-parts.ts";
import { toFileTitle } from "./titles.ts";

export interface Message {
  readonly subject: string;
  /** Who wrote it to whom and when: names and values, as far as it says so. */
  readonly fields: readonly (readonly [string, string])[];
  readonly text: string;
  readonly html: string | undefined;
  /** Its words lie encrypted in what is attached. */
  readonly isSealed: boolean;
  /** Messages in it, each read when it is its turn. */
  readonly inner: readonly (() => Message | Promise<Message>)[];
  readonly files: readonly Attached[];
}

export interface MailHead {
  /** Names with their addresses. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly cc: readonly string[];
  /** As it is shown. */
  readonly date: string;
}

/** Addresses that stand in one line. */
const NAMES_MAX = 50;
/** Messages within each other. */
const MESSAGE_DEPTH_MAX = 8;

/** Who wrote it to whom and when, as far as it says so. */
export function toMailFields({ from, to, cc, date }: MailHead): Message["fields"] {
  const fields = [
    ["From", toLine(from)],
    ["To", toLine(to)],
    ["Cc", toLine(cc)],
    ["Date", date],
  ] as const;
  return fields.filter(([, value]) => value !== "");
}

function toLine(names: readonly string[]): string {
  return stripHidden(names.slice(0, NAMES_MAX).join(", ")).replace(/\s+/g, " ").trim();
}

/** The document of a message's file, after what is to be said of it. */
export async function* toMessageEvents(
  message: Message,
  reading: MailReading,
): AsyncGenerator<LoadEvent> {
  const { file, limits, warnings } = reading;
  const parts = await toParts(message, reading, { path: [], depth: 1 });
  yield* warnings.slice(0, limits.problemsMax);
  const more = warnings.length - limits.problemsMax;
  if (more > 0) {
    const text = `has ${countOf(more, "more warning")} like these; correct what is attached`;
    yield toProblem(file.id, "bad-record", text, { severity: "warning" });
  }
  if ("type" in parts) {
    yield parts;
    return;
  }
  const title = toTitle(message.subject, limits.titleCharsMax);
  const fields = message.fields.map(([name, value]) => [name.toLowerCase(), value] as const);
  yield toDocumentEvent(file, {
    title: title === "" ? toFileTitle(file.id) : title,
    ...joinParts(parts),
    kind: "markdown",
    metadata: toMetadata(fields, limits),
  });
}

/** Where a message stands: the titles of those around it, and how many it lies within, itself counted. */
interface Place {
  readonly path: readonly string[];
  readonly depth: number;
}

/** A message and those in it, each under its subject and those of the messages around it. */
async function toParts(
  message: Message,
  reading: MailReading,
  { path: outer, depth }: Place,
): Promise<readonly TextPart[] | Problem> {
  const { file, limits, warnings } = reading;
  const body = toBody(message, reading);
  if (typeof body !== "string") return body;
  if (body === "" && message.isSealed) {
    return toProblem(file.id, "encrypted", "is encrypted or sealed; save it decrypted");
  }
  const title = toTitle(message.subject, limits.titleCharsMax);
  const path = title === "" ? outer : [...outer, title];
  const fields = message.fields.map(([name, value]) => `${name}: ${value}`);
  const own = [title === "" ? "" : `${"#".repeat(Math.min(depth, 6))} ${title}`];
  own.push(fields.join("\n"), body);
  const parts = [toPart(own.filter((part) => part !== "").join("\n\n"), reading, outer)];
  for (const read of message.inner) {
    if (depth >= MESSAGE_DEPTH_MAX) {
      const text = `holds more than ${MESSAGE_DEPTH_MAX} messages in each other; save the inner ones beside it`;
      return toProblem(file.id, "too-deep", text);
    }
    const inner = await toParts(await read(), reading, { path, depth: depth + 1 });
    if (!("type" in inner)) parts.push(...inner);
    else if (inner.code === "too-deep") return inner;
    else warnings.push({ ...inner, severity: "warning" });
  }
  parts.push(...(await readAttachments(message.files, path, reading)));
  return parts.filter(({ text }) => text !== "");
}

function toPart(
  markdown: string,
  { file, limits }: MailReading,
  outer: readonly string[],
): TextPart {
  const { text, sections } = toMarkdownDocument(markdown, file, limits);
  const below = sections.map((section) => ({
    ...section,
    headings: [...outer, ...section.headings],
  }));
  return { text, sections: below };
}

/** The page where there is one, since it has the tables and lists; else the plain words. */
function toBody({ html, text }: Message, { file, limits }: MailReading): string | Problem {
  const plain = escapeBlock(stripHidden(text)).trim();
  if (html === undefined) return plain;
  const { problem, markdown } = toMarkdown(html, file, limits);
  if (problem !== undefined && plain === "") return problem;
  return markdown === undefined || markdown === "" ? plain : markdown;
}
