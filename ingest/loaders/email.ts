/** An email as Markdown: who wrote what to whom and when, its words, and what was attached. */
import PostalMime, { type Address, type Attachment, type Email } from "postal-mime";
import { findFormat } from "../../src/domain/format.ts";
import { decodeText } from "./decode-text.ts";
import { stripHidden, toTitle } from "./hidden-text.ts";
import { toMarkdown } from "./html.ts";
import type { IngestLimits } from "../limits.ts";
import {
  type FileReference,
  type LoadEvent,
  type Loader,
  type Problem,
  toProblem,
} from "./load-event.ts";
import { type MailReading, readAttachments } from "./mail-attachments.ts";
import { toMarkdownDocument } from "./markdown.ts";
import { toMetadata } from "./metadata.ts";
import { joinParts, type TextPart } from "./text-parts.ts";
import { toFileTitle } from "./titles.ts";

/** Parts within parts, and bytes of all headers: honest mail stays far below. Messages within a message are read here. */
const LIMITS = { maxNestingDepth: 32, maxHeadersSize: 2 ** 20, forceRfc822Attachments: true };
/** Messages within each other. */
const MESSAGE_DEPTH_MAX = 8;
/** Addresses that stand in one line. */
const NAMES_MAX = 50;

export const loadEmail: Loader = async function* load(
  bytes,
  file,
  limits,
): AsyncGenerator<LoadEvent> {
  const reading: MailReading = { file, limits, warnings: [], charsLeft: limits.textCharsMax / 2 };
  const email = await parse(bytes, reading);
  const { from, subject, date, messageId } = email;
  if ((from ?? subject ?? date ?? messageId) === undefined) {
    const advice = "give it its true extension, or save the message anew";
    yield toProblem(file.id, "damaged", `is no email; ${advice}`);
    return;
  }
  const parts = await toParts(email, reading, { path: [], depth: 1 });
  yield* reading.warnings;
  if ("type" in parts) {
    yield parts;
    return;
  }
  const title = toTitle(subject ?? "", limits.titleCharsMax);
  const fields = toFields(email).map(([name, value]) => [name.toLowerCase(), value] as const);
  yield {
    type: "document",
    document: {
      id: file.id,
      source: file.id,
      title: title === "" ? toFileTitle(file.id) : title,
      ...joinParts(parts),
      kind: "markdown",
      metadata: toMetadata(fields, limits),
    },
  };
};

/** The parser takes what names no encoding for UTF-8; old mail is often something else. */
async function parse(bytes: Uint8Array, reading: MailReading): Promise<Email> {
  const email = await PostalMime.parse(bytes, LIMITS);
  const texts = [email.subject, email.text, email.html];
  if (!texts.some((text) => text?.includes("\uFFFD"))) return email;
  const decoded = await decodeText(bytes, reading.file);
  if (decoded.text === undefined || decoded.warnings.length === 0) return email;
  if (OTHER_CHARSET.test(decoded.text)) return email; // that part would be read as what it says
  reading.warnings.push(...decoded.warnings);
  return PostalMime.parse(decoded.text, LIMITS);
}

/** S/MIME and PGP: the words are within. */
const SEALED = /^application\/(?:(?:x-)?pkcs7-mime|pgp-encrypted)$/;
const OTHER_CHARSET = /\bcharset\s*=\s*"?(?!utf-?8\b)[\w-]/i;

/** Where a message stands: the titles of those around it, and how many it lies within, itself counted. */
interface Place {
  readonly path: readonly string[];
  readonly depth: number;
}

/** A message and those in it, each under its subject and those of the messages around it. */
async function toParts(
  email: Email,
  reading: MailReading,
  { path: outer, depth }: Place,
): Promise<readonly TextPart[] | Problem> {
  const { file, limits } = reading;
  const body = toBody(email, file, limits);
  if (typeof body !== "string") return body;
  if (body === "" && email.attachments.some(({ mimeType }) => SEALED.test(mimeType))) {
    return toProblem(file.id, "encrypted", "is encrypted or sealed; save it decrypted");
  }
  const title = toTitle(email.subject ?? "", limits.titleCharsMax);
  const path = title === "" ? outer : [...outer, title];
  const fields = toFields(email).map(([name, value]) => `${name}: ${value}`);
  const own = [title === "" ? "" : `${"#".repeat(Math.min(depth, 6))} ${title}`];
  own.push(fields.join("\n"), body);
  const parts = [toPart(own.filter((part) => part !== "").join("\n\n"), reading, outer)];
  for (const part of email.attachments.filter(isMessage)) {
    if (depth >= MESSAGE_DEPTH_MAX) {
      const text = `holds more than ${MESSAGE_DEPTH_MAX} messages in each other; save the inner ones beside it`;
      return toProblem(file.id, "too-deep", text);
    }
    const place = { path, depth: depth + 1 };
    const inner = await toParts(await parse(toBytes(part), reading), reading, place);
    if (!("type" in inner)) parts.push(...inner);
    else if (inner.code === "too-deep") return inner;
    else reading.warnings.push({ ...inner, severity: "warning" });
  }
  const attached = email.attachments
    .filter((part) => part.related !== true && !isMessage(part))
    .map((part) => ({ ...part, name: part.filename ?? "", bytes: toBytes(part) }));
  parts.push(...(await readAttachments(attached, path, reading)));
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

function toBytes({ content }: Attachment): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
}

/** A message that was forwarded, within the text or as a file. */
function isMessage({ mimeType, filename }: Attachment): boolean {
  return mimeType === "message/rfc822" || findFormat(filename ?? "") === "email";
}

/** Who wrote it to whom and when, as far as it says so. */
function toFields({ from, to, cc, date }: Email): readonly (readonly [string, string])[] {
  const fields = [
    ["From", toNames(from === undefined ? [] : [from])],
    ["To", toNames(to)],
    ["Cc", toNames(cc)],
    ["Date", toShownDate(date)],
  ] as const;
  return fields.filter(([, value]) => value !== "");
}

/** The page where there is one, since it has the tables and lists; else the plain words. */
function toBody(
  { html, text = "" }: Email,
  file: FileReference,
  limits: IngestLimits,
): string | Problem {
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
