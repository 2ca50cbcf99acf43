/** Records, as rows of a CSV file and lines of a JSONL file are loaded: a line `name: value` for each field. */
import { type Span, splitSentences } from "./sentences.ts";

/** A longer one is a text of its own, of whose lines each says enough. */
const RECORD_CHARS_MAX = 600;
const FIELD = /^[\p{L}\p{N}][^\n:：]{0,39}[:：][^\S\n]+\S[^\n]*$/u;

/** Is the text one record and nothing else? */
export function isRecord(text: string): boolean {
  if (text.length > RECORD_CHARS_MAX || !text.includes("\n")) return false;
  return text.split("\n").every((line) => FIELD.test(line));
}

/** What states something in a text: its sentences, or the record that it is. */
export function splitStatements(text: string): readonly Span[] {
  return isRecord(text) ? [{ start: 0, end: text.length }] : splitSentences(text);
}

/** A record in one line. */
export function toRecordLine(record: string): string {
  return record.replaceAll("\n", "; ");
}
