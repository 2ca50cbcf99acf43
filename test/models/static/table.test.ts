import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

import { parseStaticTable } from "../../../src/models/static/table.ts";
import { loadStaticTable } from "../../../src/node/load/load-static-table.ts";

const FOLDER = new URL("../../../data/models/static-minilm/", import.meta.url);
const bytes = new Uint8Array(await readFile(new URL("table.bin", FOLDER)));

function changed(change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  change(new DataView(copy.buffer));
  return copy;
}

describe("the bundled table", () => {
  it("has the form that the embedder expects", async () => {
    const table = await loadStaticTable();
    expect(table.name).toBe(`minilm-l6-v2-${table.dimensions}`);
    expect(table.vocabulary.length).toBeGreaterThan(20_000);
    expect(table.scales.length).toBe(table.vocabulary.length);
    expect(table.values.length).toBe(table.vocabulary.length * table.dimensions);
    expect(new Set(table.vocabulary).size).toBe(table.vocabulary.length);
    expect(table.vocabulary).not.toContain("[UNK]");
  });

  it("is the file whose checksum and size its README states", async () => {
    const readme = await readFile(new URL("README.md", FOLDER), "utf8");
    expect(readme).toContain(createHash("sha256").update(bytes).digest("hex"));
    expect(readme).toContain(`${bytes.length.toLocaleString("en-US")} bytes`);
    expect(bytes.length).toBeLessThanOrEqual(8_000_000);
  });

  it("reads the same from an unaligned place in a larger buffer", () => {
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const table = parseStaticTable(shifted.subarray(1));
    const straight = parseStaticTable(bytes);
    expect(table.scales).toEqual(straight.scales);
    expect(Buffer.from(table.values.slice()).equals(Buffer.from(straight.values.slice()))).toBe(
      true,
    );
  });
});

describe("an unusable table", () => {
  const cases: readonly {
    readonly what: string;
    readonly file: Uint8Array;
    readonly says: RegExp;
  }[] = [
    { what: "an empty file", file: new Uint8Array(), says: /0 bytes, too few/u },
    { what: "a header alone", file: bytes.slice(0, 64), says: /64 bytes, its header calls for/u },
    { what: "a truncated file", file: bytes.slice(0, -4), says: /its header calls for/u },
    {
      what: "a file with more behind it",
      file: new Uint8Array([...bytes.slice(0, 64), 1]),
      says: /calls for/u,
    },
    {
      what: "another kind of file",
      file: changed((view) => view.setUint8(0, 0x50)),
      says: /begin with TRST/u,
    },
    {
      what: "a later format",
      file: changed((view) => view.setUint32(4, 2, true)),
      says: /format 2 is not 1/u,
    },
    { what: "no rows", file: changed((view) => view.setUint32(8, 0, true)), says: /no rows/u },
    {
      what: "more rows than bytes",
      file: changed((view) => view.setUint32(8, 0xffffffff, true)),
      says: /calls for/u,
    },
    {
      what: "odd dimensions",
      file: changed((view) => view.setUint32(12, 255, true)),
      says: /255 dimensions/u,
    },
    {
      what: "no dimensions",
      file: changed((view) => view.setUint32(12, 0, true)),
      says: /0 dimensions/u,
    },
    {
      what: "a flipped bit",
      file: changed((view) => view.setUint8(5_000_000, view.getUint8(5_000_000) ^ 1)),
      says: /checksum/u,
    },
    {
      what: "a name with blanks",
      file: changed((view) => view.setUint8(26, 0x20)),
      says: /its name/u,
    },
  ];

  it.each(cases)("is refused with the reason: $what", ({ file, says }) => {
    expect(() => parseStaticTable(file)).toThrow(says);
  });
});
