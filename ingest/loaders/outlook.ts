/** A message that Outlook has saved (.msg), read as an email is. */
import { createRequire } from "node:module";
import type * as msgReader from "@kenjiuno/msgreader";
import { findFormat } from "../../src/domain/format.ts";
import { decodeText } from "./decode-text.ts";
import { type LoadEvent, type Loader, toProblem } from "./load-event.ts";
import type { Attached, MailReading } from "./mail-attachments.ts";
import { type MailHead, type Message, toMailFields, toMessageEvents } from "./mail-message.ts";

type FieldsData = msgReader.FieldsData;
type Reader = InstanceType<typeof msgReader.default.default>;

/** Its default export is told differently by Node and by bundlers; `require` gives the module as it is. */
const { default: MsgReader } = createRequire(import.meta.url)(
  "@kenjiuno/msgreader",
) as typeof msgReader.default;

/** First bytes of the container that Outlook and old Office files have. */
const SIGNATURE = [0xd0, 0xcf, 0x11, 0xe0];
/** Names of code pages of Windows that are not `windows-` and the number. */
const CODE_PAGES: Readonly<Record<number, string>> = {
  932: "shift_jis",
  936: "gbk",
  949: "euc-kr",
  950: "big5",
  20866: "koi8-r",
};
const SEALED = /^IPM\.Note\.SMIME$/i;

export const loadOutlook: Loader = async function* load(
  bytes,
  file,
  limits,
): AsyncGenerator<LoadEvent> {
  const isContainer = SIGNATURE.every((byte, at) => bytes[at] === byte);
  const reader = isContainer ? new MsgReader(toBuffer(bytes)) : undefined;
  const fields = reader?.getFileData();
  // Every message says of what class it is; old Office files are such containers too.
  if (reader === undefined || fields?.messageClass === undefined) {
    yield toProblem(file.id, "damaged", "is no message of Outlook; save it anew, or as .eml");
    return;
  }
  const reading = { file, limits, warnings: [], charsLeft: limits.textCharsMax / 2 };
  yield* toMessageEvents(await toMessage(fields, reader, reading), reading);
};

function toBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

async function toMessage(
  fields: FieldsData,
  reader: Reader,
  reading: MailReading,
): Promise<Message> {
  const { subject = "", body = "", attachments = [], messageClass = "" } = fields;
  const html = await readHtml(fields, reading);
  if (body.trim() === "" && html === undefined && fields.compressedRtf !== undefined) {
    const text = "has its words as rich text only, which was left out; save it as HTML or .eml";
    reading.warnings.push(toProblem(reading.file.id, "no-text", text, { severity: "warning" }));
  }
  return {
    subject,
    fields: toMailFields(toHead(fields)),
    text: body,
    html,
    isSealed: SEALED.test(messageClass),
    inner: attachments.flatMap(({ innerMsgContentFields: inner }) =>
      inner === undefined ? [] : [() => toMessage(inner, reader, reading)],
    ),
    files: attachments.filter(isFile).map((part) => toFile(part, reader)),
  };
}

/** No message, and no picture within the text. */
function isFile({ innerMsgContent, attachmentHidden, pidContentId, ...part }: FieldsData): boolean {
  if (innerMsgContent === true || attachmentHidden === true) return false;
  return pidContentId === undefined || findFormat(part.fileName ?? "") !== undefined;
}

function toFile(part: FieldsData, reader: Reader): Attached {
  const name = part.fileName ?? part.fileNameShort ?? part.name ?? "";
  const read = (): Uint8Array => reader.getAttachment(part).content;
  return { name, mimeType: part.attachMimeTag ?? "", read };
}

/** The page as text; it comes as text or, most often, as bytes in the message's code page. */
async function readHtml(
  { bodyHtml, html, internetCodepage: codePage }: FieldsData,
  { file }: MailReading,
): Promise<string | undefined> {
  if (bodyHtml !== undefined || html === undefined) return bodyHtml;
  const encoding = codePage === undefined ? undefined : (CODE_PAGES[codePage] ?? toName(codePage));
  const { text } = await decodeText(html, file, encoding);
  return text;
}

/** 28591 to 28605 are ISO-8859-1 to -15. */
function toName(codePage: number): string {
  return codePage > 28_590 && codePage < 28_606
    ? `iso-8859-${codePage - 28_590}`
    : `windows-${codePage}`;
}

function toHead(fields: FieldsData): MailHead {
  const { recipients = [], senderName, senderSmtpAddress, senderEmail } = fields;
  const of = (kind: FieldsData["recipType"]): readonly string[] =>
    recipients.filter(({ recipType }) => recipType === kind).map(toRecipient);
  return {
    from: [toPerson(senderName, senderSmtpAddress ?? senderEmail)],
    to: of("to"),
    cc: of("cc"),
    date: toShownDate(fields.clientSubmitTime ?? fields.messageDeliveryTime),
  };
}

function toRecipient({ name, smtpAddress, email }: FieldsData): string {
  return toPerson(name, smtpAddress ?? email);
}

/** An address within an organisation is a path that says nothing. */
function toPerson(name = "", address = ""): string {
  const isMail = address.includes("@");
  if (name === "" || name === address) return isMail ? address : name;
  return isMail ? `${name} <${address}>` : name;
}

/** `2025-03-04 15:30` in UTC. */
function toShownDate(date = ""): string {
  const time = Date.parse(date);
  return Number.isNaN(time)
    ? ""
    : `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
