/** What is attached to an email: files of kinds that can be read become parts of it, all others are named. */
import { findFormat, type Format } from "../../src/domain/format.ts";
import type { LoadedDocument } from "../document.ts";
import { toTitle } from "./hidden-text.ts";
import type { IngestLimits } from "../limits.ts";
import { type FileReference, type Problem, type ProblemCode, toProblem } from "./load-event.ts";
import { toFenced } from "./markdown-blocks.ts";
import { runLoader } from "./run-loader.ts";
import type { TextPart } from "./text-parts.ts";

/** Signatures and keys: there is nothing in them to read. */
const UNREADABLE = /^application\/(?:(?:x-)?pkcs7-signature|pgp-(?:signature|keys))$/;
/** Names that stand in one line. */
const NAMES_MAX = 50;

/** A file, and what is to be said of the messages in it that can be read. */
export interface MailReading {
  readonly file: FileReference;
  readonly limits: IngestLimits;
  readonly warnings: Problem[];
  /** Characters that what is attached may still have. */
  charsLeft: number;
}

/** A file attached to a message. */
export interface Attached {
  readonly name: string;
  readonly mimeType: string;
  readonly read: () => Uint8Array;
}

/**
 * A line with the names of the files, then the text of each that can be read, under its name and the titles of
 * `path`. What is left out is a warning.
 */
export async function readAttachments(
  files: readonly Attached[],
  path: readonly string[],
  reading: MailReading,
): Promise<readonly TextPart[]> {
  const named = files
    .filter(({ mimeType }) => !UNREADABLE.test(mimeType))
    .map((file) => ({ ...file, name: toTitle(file.name, reading.limits.titleCharsMax) }))
    .filter(({ name }) => name !== "");
  if (named.length === 0) return [];
  const line = `Attachments: ${toList(named.map(({ name }) => name))}`;
  const parts: TextPart[] = [{ text: line, sections: [{ start: 0, headings: path }] }];
  const left: string[] = [];
  const { attachmentsMax } = reading.limits;
  for (const file of named.slice(0, attachmentsMax)) {
    const format = findFormat(file.name);
    if (format === undefined) left.push(file.name);
    else parts.push(...(await readFile(file, format, path, reading)));
  }
  const beyond = named.slice(attachmentsMax);
  if (beyond.length > 0) {
    const names = toList(beyond.map(({ name }) => name));
    const text = `attachments were left out, as reading them all takes too long or too much memory; save them beside the email: ${names}`;
    reading.warnings.push(toWarning("too-large", text, reading));
  }
  if (left.length > 0) {
    const text = `attachments of kinds that cannot be read were left out: ${toList(left)}`;
    reading.warnings.push(toWarning("unsupported", text, reading));
  }
  return parts;
}

function toList(names: readonly string[]): string {
  const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} others` : "";
  return `${names.slice(0, NAMES_MAX).join(", ")}${more}`;
}

async function readFile(
  { name, read }: Attached,
  format: Format,
  path: readonly string[],
  reading: MailReading,
): Promise<readonly TextPart[]> {
  const { warnings, limits } = reading;
  const documents: LoadedDocument[] = [];
  for await (const event of runLoader(format, read(), { id: name, path: "" }, limits)) {
    if (event.type === "document") documents.push(event.document);
    else warnings.push(toWarning(event.code, `attachment ${event.message}`, reading));
  }
  if (documents.length === 0) return [];
  const chars = documents.reduce((sum, { text, title }) => sum + text.length + title.length, 0);
  if (chars > reading.charsLeft) {
    const message = `attachment ${name} is too long beside all the rest and was left out; save it beside the email`;
    warnings.push(toWarning("too-large", message, reading));
    return [];
  }
  reading.charsLeft -= chars;
  const headings = [...path, name];
  const mark = "#".repeat(Math.min(headings.length, 6));
  const heading = { text: `${mark} ${name}`, sections: [{ start: 0, headings }] };
  return [
    heading,
    ...documents.map((document) => toPart(document, headings, document.id !== name)),
  ];
}

/** The text of a document below the headings; a record of a table, whose title may say what it is, begins with that. */
function toPart(
  { text, title, kind, sections }: LoadedDocument,
  headings: readonly string[],
  isRecord: boolean,
): TextPart {
  const above = isRecord ? `${title}\n` : "";
  const words = text.trimEnd();
  const shown = kind === "code" ? toFenced(words) : words;
  const start = above.length + shown.indexOf(words);
  return {
    text: above + shown,
    sections: sections.map((section) => ({
      ...section,
      start: section.start + start,
      headings: [...headings, ...section.headings],
    })),
  };
}

function toWarning(code: ProblemCode, text: string, { file }: MailReading): Problem {
  return toProblem(file.id, code, text, { severity: "warning" });
}
