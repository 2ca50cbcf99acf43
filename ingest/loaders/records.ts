/** Records (rows of a CSV, lines of a JSONL, items of a JSON array) to one document each. */
import type { LoadedDocument } from "../document.ts";
import type { IngestLimits } from "../limits.ts";
import { stripHidden, toTitle } from "./hidden-text.ts";
import { type FileReference, type LoadEvent, toProblem } from "./load-event.ts";
import { isMetadataValue, toMetadata } from "./metadata.ts";
import { toFileTitle } from "./titles.ts";

type Fields = readonly (readonly [string, unknown])[];

/** One record as it was read: its fields in order, or why it could not be. */
export type RawRecord =
  /** `where` is for messages (`line 7`); `number`, from 1, is the id of a record that brings none. */
  | {
      readonly where: string;
      readonly number: number;
      readonly fields: Fields;
      /** The same fields as metadata sees them (`1.50` as a number), where that differs from their text. */
      readonly typed?: Fields;
      /** Something is wrong with its shape: all of its fields are searched, and it is named. */
      readonly warning?: string;
    }
  | { readonly where: string; readonly problem: string };

const NAMES = {
  id: ["_id", "id"],
  title: ["title", "question", "name", "heading", "subject"],
  text: ["text", "content", "body", "passage", "answer"],
  /** Kept as metadata only: nobody searches for their words. */
  metadata: ["url", "link", "metadata"],
} as const;
const ID_CHARS_MAX = 300;
/** Above it a value beside a text is prose of its own and is searched with it. */
const FACT_CHARS_MAX = 80;

/** Turns records into documents `file#id`; what is wrong with one is reported and the rest goes on. */
export function* toRecordEvents(
  records: Iterable<RawRecord>,
  file: FileReference,
  limits: IngestLimits,
): Generator<LoadEvent> {
  const places = new Map<string, string>();
  let problems = 0;
  let warnings = 0;
  let rows = 0;
  for (const record of records) {
    rows += 1;
    if (rows > limits.rowsMax) {
      const text = `has more than ${limits.rowsMax.toLocaleString("en")} records; the rest was not loaded: split the file`;
      yield toProblem(file.id, "rows-cut", text);
      break;
    }
    const event = toEvent(record, places, file, limits);
    if (event.type === "problem") problems += 1;
    else if ("warning" in record) {
      warnings += 1;
      if (warnings <= limits.problemsMax)
        yield toWarning(`${record.where} ${record.warning}`, file);
    }
    if (event.type === "document" || problems <= limits.problemsMax) yield event;
  }
  if (problems > limits.problemsMax) {
    const more = problems - limits.problemsMax;
    yield toProblem(file.id, "bad-record", `has ${more} more records like these; correct them`);
  }
  if (warnings > limits.problemsMax) {
    yield toWarning(
      `has ${warnings - limits.problemsMax} more rows like these; correct them`,
      file,
    );
  }
}

function toWarning(text: string, { id }: FileReference): LoadEvent {
  return toProblem(id, "bad-record", text, { severity: "warning" });
}

function toEvent(
  record: RawRecord,
  places: Map<string, string>,
  file: FileReference,
  limits: IngestLimits,
): LoadEvent {
  const { where } = record;
  if ("problem" in record) return toProblem(file.id, "bad-record", `${where} ${record.problem}`);
  const document = toDocument(record, file, limits);
  if (document.text.trim() === "") {
    return toProblem(file.id, "bad-record", `${where} holds no text; fill it or remove it`);
  }
  if (document.text.length > limits.rowCharsMax) {
    const text = `${where} is longer than ${limits.rowCharsMax.toLocaleString("en")} characters; make it a file of its own`;
    return toProblem(file.id, "too-large", text);
  }
  const earlier = places.get(document.id);
  if (earlier !== undefined) {
    const key = document.id.slice(file.id.length + 1);
    const text = `${where} has the id "${key}" of ${earlier}; only the first was loaded: make ids unique`;
    return toProblem(document.id, "duplicate-id", text);
  }
  places.set(document.id, where);
  return { type: "document", document };
}

function toDocument(
  { fields, typed = fields, number, warning }: Extract<RawRecord, { readonly fields: Fields }>,
  file: FileReference,
  limits: IngestLimits,
): LoadedDocument {
  const byName = new Map(fields.map(([name, value]) => [toName(name), value]));
  const read = (name: string | undefined): string =>
    name === undefined ? "" : toText(byName.get(name));
  const idName = findName(byName, NAMES.id);
  const titleName = findName(byName, NAMES.title);
  const textName = findName(byName, NAMES.text);
  const id = toTitle(read(idName), ID_CHARS_MAX);
  const title = toTitle(read(titleName), limits.titleCharsMax);
  const taken = new Set<string | undefined>([idName, ...NAMES.metadata, textName]);
  if (textName !== undefined) taken.add(titleName);
  // Beside a text, short values are facts about it and stay metadata; without one the columns are the text.
  const isText = (value: unknown): boolean =>
    textName === undefined || warning !== undefined || !isMetadataValue(value, FACT_CHARS_MAX);
  const lines = fields
    .filter(([name, value]) => !taken.has(toName(name)) && isText(value))
    .map(([name, value]) => [name.trim(), toText(value)] as const)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => (name === "" ? value : `${name}: ${value}`));
  const body = stripHidden(read(textName));
  const facts = stripHidden(lines.join("\n"));
  const inner = byName.get("metadata");
  const metadata = toMetadata(
    [
      ...Object.entries(typeof inner === "object" && inner !== null ? inner : {}),
      ...typed.filter(([name]) => !taken.has(toName(name)) && toName(name) !== titleName),
      ...NAMES.metadata.map((name) => [name, byName.get(name)] as const),
    ],
    limits,
  );
  const key = id === "" ? String(number) : id;
  return {
    id: `${file.id}#${key}`,
    source: file.id,
    title: title === "" ? `${toFileTitle(file.id)} ${key}` : title,
    text: [body, facts].filter((part) => part !== "").join("\n\n"),
    sections: [],
    kind: "prose",
    metadata,
  };
}

function toName(name: string): string {
  return name.trim().toLowerCase();
}

/** The first of the names that the record has with text in it. */
function findName(
  byName: ReadonlyMap<string, unknown>,
  names: readonly string[],
): string | undefined {
  return names.find((name) => toText(byName.get(name)).trim() !== "");
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) {
    return value.map(String).join(", ");
  }
  return JSON.stringify(value);
}
