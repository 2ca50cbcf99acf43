/** Documents, vectors and filters for tests of stores. */
import * as fc from "fast-check";
import type { Metadata } from "../../src/domain/chunk.ts";
import type { CollectionSpec } from "../../src/domain/collection.ts";
import type { Filter } from "../../src/domain/filter.ts";
import type { DocumentWrite } from "../../src/stores/store.ts";

export const DIMENSIONS = 8;

export const spec: CollectionSpec = {
  name: "guide",
  embedder: "test:8",
  dimensions: DIMENSIONS,
  chunker: "whole",
  language: "english",
  tokenizer: "words",
  metadata: { name: "string", year: "number", open: "boolean", tags: "string[]" },
};

/** A unit vector that depends on the seed only. */
export function toVector(seed: number): Float32Array {
  const values = Array.from({ length: DIMENSIONS }, (_, index) =>
    Math.sin(seed * 7.3 + index * 1.7),
  );
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

interface DocumentOptions {
  readonly title?: string;
  readonly page?: number;
  readonly metadata?: Metadata;
  /** Seeds of the vectors; `null` for a chunk without one. Counts up from 0 when not given. */
  readonly seeds?: readonly (number | null)[];
}

/** A document with one chunk a text. */
export function toDocument(
  id: string,
  texts: readonly string[],
  { title = id, page, metadata = {}, seeds }: DocumentOptions = {},
): DocumentWrite {
  let start = 0;
  const chunks = texts.map((text, position) => {
    const seed = seeds === undefined ? position : seeds[position];
    const chunk = {
      id: `${id}#${position}`,
      documentId: id,
      position,
      title,
      location: {
        headings: ["Part", `Section ${position}`],
        ...(page === undefined ? {} : { page }),
        ...(text.startsWith("| ") ? { columns: "| City | Rate |" } : {}),
      },
      start,
      end: start + text.length,
      text,
      metadata,
    };
    start += text.length + 1;
    return { chunk, vector: seed === null || seed === undefined ? undefined : toVector(seed) };
  });
  return { id, title, source: `${id}.md`, hash: `hash of ${texts.join("|")}`, metadata, chunks };
}

/** Strings that have broken query languages. */
export const HOSTILE_TEXTS: readonly string[] = [
  "",
  "'",
  "''",
  "o'brien",
  '"quoted"',
  "1=1) OR (1=1",
  "' OR 1=1 --",
  "\\",
  "\\'",
  "%_*?",
  "`meta_name`",
  "a\u0000b",
  "line\nbreak\ttab",
  "東京",
  "😀",
  "\uffff",
  "\ud800",
  "é",
  "e\u0301",
  "NULL",
  "true",
  "1",
];

const text = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const number = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.1, 2020, 1e21, 1e-7, 5e-324, Number.MAX_SAFE_INTEGER, -1.5),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

export const metadataArbitrary: fc.Arbitrary<Metadata> = fc.record(
  { name: text, year: number, open: fc.boolean(), tags: fc.array(text, { maxLength: 3 }) },
  { requiredKeys: [] },
);

export const titleArbitrary = text;

const leaf: fc.Arbitrary<Filter> = fc.oneof(
  comparison(fc.constantFrom("metadata.name", "title", "documentId"), text),
  comparison(fc.constantFrom("metadata.year", "page"), number),
  fc.record({
    field: fc.constant("metadata.open"),
    op: fc.constantFrom("eq" as const, "ne" as const),
    value: fc.boolean(),
  }),
  fc.record({
    field: fc.constantFrom("metadata.name", "title"),
    op: fc.constant("in" as const),
    values: fc.array(text, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    field: fc.constant("metadata.year"),
    op: fc.constant("in" as const),
    values: fc.array(number, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ field: fc.constant("metadata.tags"), op: fc.constant("has" as const), value: text }),
  fc.record({
    field: fc.constantFrom(
      "metadata.name",
      "metadata.year",
      "metadata.open",
      "metadata.tags",
      "page",
    ),
    op: fc.constant("exists" as const),
  }),
);

/** Well-typed filters of any shape. */
export const filterArbitrary: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.array(tie("filter"), { minLength: 1, maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie("filter"), { minLength: 1, maxLength: 3 }).map((or) => ({ or })),
    tie("filter").map((not) => ({ not })),
  ),
})).filter;

function comparison<T extends string | number>(
  field: fc.Arbitrary<string>,
  value: fc.Arbitrary<T>,
): fc.Arbitrary<Filter> {
  const op = fc.constantFrom("eq", "ne", "lt", "lte", "gt", "gte" as const);
  return fc.record({ field, op, value });
}
