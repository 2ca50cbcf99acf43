/** An email as Markdown: who wrote what to whom and when, its words, and what was attached. */
import PostalMime, { type Address, type Attachment, type Email } from "postal-mime";
import { findFormat } from "../../src/domain/format.ts";
import { decodeText } from "./decode-text.ts";
import { type LoadEvent, type Loader, toProblem } from "./load-event.ts";
import type { MailReading } from "./mail-attachments.ts";
import { type MailHead, type Message, toMailFields, toMessageEvents } from "./mail-message.ts";

/** Parts within parts, and bytes of all headers: honest mail stays far below. Messages within a message are read here. */
const LIMITS = { maxNestingDepth: 32, maxHeadersSize: 2 ** 20, forceRfc822Attachments: true };

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
  yield* toMessageEvents(toMessage(email, reading), reading);
};

/** Messages in it are read as such, within the text or as a file. */
function toMessage(email: Email, reading: MailReading): Message {
  const { subject = "", text = "", html, attachments } = email;
  const files = attachments.filter((part) => part.related !== true && !isMessage(part));
  return {
    subject,
    fields: toMailFields(toHead(email)),
    text,
    html,
    isSealed: attachments.some(({ mimeType }) => SEALED.test(mimeType)),
    inner: attachments
      .filter(isMessage)
      .map((part) => async () => toMessage(await parse(toBytes(part), reading), reading)),
    files: files.map((part) => ({
      name: part.filename ?? "",
      mimeType: part.mimeType,
      read: () => toBytes(part),
    })),
  };
}

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

function toBytes({ content }: Attachment): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
}

function isMessage({ mimeType, filename }: Attachment): boolean {
  return mimeType === "message/rfc822" || findFormat(filename ?? "") === "email";
}

function toHead({ from, to = [], cc = [], date }: Email): MailHead {
  return {
    from: from === undefined ? [] : [toPerson(from)],
    to: to.map(toPerson),
    cc: cc.map(toPerson),
    date: toShownDate(date),
  };
}

function toPerson({ name, address, group }: Address): string {
  if (group !== undefined) return name;
  return name === "" || name === address ? address : `${name} <${address}>`;
}

/** `2025-03-04 15:30` in UTC; as it is written where it is no date. */
function toShownDate(date: string | undefined): string {
  return (date ?? "").replace(/^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}).*$/, "$1 $2 UTC").slice(0, 100);
}
