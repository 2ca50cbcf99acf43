import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkDocument, DEFAULT_CHUNKING, toChunkerId } from "../../../ingest/chunk/chunk.ts";
import type { LoadedDocument, Section } from "../../../ingest/document.ts";

const SMALL = { charsTarget: 120, charsMax: 180, sectionCharsMin: 30 };

function document(text: string, rest: Partial<LoadedDocument> = {}): LoadedDocument {
  return {
    id: "guide.md",
    source: "guide.md",
    title: "Guide",
    text,
    sections: [],
    kind: "markdown",
    metadata: {},
    ...rest,
  };
}

/** Sections as a Markdown loader makes them: one a heading, its line included. */
function markdown(text: string): LoadedDocument {
  const path: string[] = [];
  const sections: Section[] = [];
  for (const match of text.matchAll(/^(#+) (.*)$/gm)) {
    path.length = (match[1] ?? "").length - 1;
    path.push(match[2] ?? "");
    sections.push({ start: match.index, headings: [...path] });
  }
  return document(text, { sections });
}

const sentence = (words: number): string => `Word${" and word".repeat(words - 1)}.`;
const texts = (loaded: LoadedDocument): string[] =>
  chunkDocument(loaded, SMALL).map((chunk) => chunk.text);

describe("chunkDocument", () => {
  test("a blank document has no chunks", () => {
    expect(chunkDocument(document(" \n\n\t"))).toEqual([]);
  });

  test("a document that fits is one chunk, with its headings where it has one section", () => {
    const [chunk, ...others] = chunkDocument(markdown("# Limits\n\nAt most ten.\n"));
    expect(others).toEqual([]);
    expect(chunk).toEqual({
      id: "guide.md#0",
      documentId: "guide.md",
      position: 0,
      title: "Guide",
      location: { headings: ["Limits"] },
      start: 0,
      end: 22,
      text: "# Limits\n\nAt most ten.",
      metadata: {},
    });
  });

  test("a chunk that begins in the middle of a table knows the row of its columns' names", () => {
    const head = "| City | Rate |\n| --- | --- |\n";
    const rows = Array.from({ length: 30 }, (_, row) => `| City ${row} | ${row * 7} |`).join("\n");
    const chunks = chunkDocument(document(`${head}${rows}\n\n${sentence(20)}`), SMALL);
    expect(chunks.length).toBeGreaterThan(3);
    const columns = chunks.map(({ location }) => location.columns);
    expect(columns[0]).toBeUndefined();
    expect(columns[1]).toBe("| City | Rate |");
    expect(columns.at(-1)).toBeUndefined();
    expect(
      chunks.every(({ text, start }) => `${head}${rows}`.startsWith(text, start) || start > 300),
    ).toBe(true);
  });

  test.each([
    ["without a frame", "| City 1 | 7 |\n| City 2 | 9 |\n"],
    ["of names that are longer than a chunk should carry", `| ${"Long ".repeat(100)}|\n| --- |\n`],
  ])("a table %s gives no names", (_, head) => {
    const rows = Array.from({ length: 40 }, (__, row) => `| City ${row} | ${row * 7} |`).join("\n");
    const chunks = chunkDocument(document(head + rows), SMALL);
    expect(chunks.every(({ location }) => location.columns === undefined)).toBe(true);
  });

  test.each([
    ["tight", "\n"],
    ["loose", "\n\n"],
    ["whose items go on after a blank line", " is\n\n  it\n"],
  ])("a list that fits a chunk is whole: %s", (_, gap) => {
    const list = `It takes:\n\n${["one", "two", "three", "four"].map((item) => `- item ${item}`).join(gap)}`;
    for (let words = 6; words < 24; words += 1) {
      const around = `${sentence(words)}\n\n${list}\n\n${sentence(words)}\n\n${sentence(14)}`;
      expect(texts(document(around)).filter((text) => text.includes(list))).toHaveLength(1);
    }
  });

  test("what has lines and no sentences is cut between lines", () => {
    const lines = Array.from({ length: 30 }, (_, line) => `00:${line + 10} INFO took ${line} ms`);
    const chunks = texts(document(lines.join("\n"), { kind: "prose" }));
    expect(chunks.flatMap((text) => text.split("\n"))).toEqual(lines);
  });

  test("a section that is not small has its own chunk", () => {
    const one = `# One\n${sentence(9)}`;
    const two = `# Two\n${sentence(9)}`;
    expect(texts(markdown(`${one}\n\n${two}`))).toEqual([one, two]);
  });

  test("small sections of one parent share a chunk under the parent's headings", () => {
    const long = sentence(12);
    const loaded = markdown(`# A\n## B\n${long}\n# C\n## D\nShort.\n## E\nBrief.\n## F\nTiny.`);
    const last = chunkDocument(loaded, SMALL).at(-1);
    expect(last?.text).toBe("# C\n## D\nShort.\n## E\nBrief.\n## F\nTiny.");
    expect(last?.location.headings).toEqual(["C"]);
  });

  test("a lone heading goes with the section below it, which gives the chunk its headings", () => {
    const body = sentence(12);
    const chunks = chunkDocument(markdown(`# A\n\n## B\n${body}\n\n## C\n${body}`), SMALL);
    expect(chunks.map((chunk) => chunk.text)).toEqual([`# A\n\n## B\n${body}`, `## C\n${body}`]);
    expect(chunks.map((chunk) => chunk.location.headings)).toEqual([
      ["A", "B"],
      ["A", "C"],
    ]);
  });

  test("pages are not mixed", () => {
    const text = "Slide one.\n\nSlide two.";
    const sections = [
      { start: 0, headings: [], page: 1 },
      { start: 12, headings: [], page: 2 },
    ];
    const chunks = chunkDocument(document(text, { sections, kind: "prose" }));
    expect(chunks.map((chunk) => [chunk.text, chunk.location.page])).toEqual([
      ["Slide one.", 1],
      ["Slide two.", 2],
    ]);
  });

  test("a sentence that runs over the turn of a page stays with the first page", () => {
    const text = "It begins on this page and\ngoes on here. A new one.";
    const sections = [
      { start: 0, headings: [], page: 1 },
      { start: 27, headings: [], page: 2 },
    ];
    const chunks = chunkDocument(document(text, { sections, kind: "prose" }));
    expect(chunks.map((chunk) => [chunk.text, chunk.location.page])).toEqual([
      ["It begins on this page and\ngoes on here.", 1],
      ["A new one.", 2],
    ]);
  });

  test("prose is cut between sentences, into even pieces without a small rest", () => {
    const text = Array.from({ length: 5 }, () => sentence(6)).join(" ");
    const lengths = texts(document(text)).map((chunk) => chunk.length);
    expect(lengths).toHaveLength(2);
    expect(Math.min(...lengths)).toBeGreaterThan(90);
    expect(texts(document(text)).every((chunk) => chunk.endsWith("."))).toBe(true);
  });

  test.each([
    ["code", `\`\`\`ts\n${"const a = 1;\n\n".repeat(9)}\`\`\``],
    ["a table", `| a | b |\n|---|---|\n${"| 1 | 2 |\n".repeat(13)}`.trim()],
    ["a list item", `- ${sentence(18)}`],
  ])("%s that fits a chunk is whole", (_name, block) => {
    expect(block.length).toBeGreaterThan(SMALL.charsTarget);
    const found = texts(document(`${sentence(9)}\n\n${block}\n\n${sentence(9)}`));
    expect(found.filter((chunk) => chunk.includes(block))).toHaveLength(1);
  });

  test("source code is cut at blank lines before unindented ones, and keeps its indentation", () => {
    const unit = (name: string): string =>
      `function ${name}() {\n  first();\n\n  second(${"x".repeat(50)});\n}`;
    const text = `${unit("a")}\n\n${unit("b")}\n`;
    expect(texts(document(text, { kind: "code" }))).toEqual([unit("a"), unit("b")]);
    const inner = document(`    deep();\n\n${text}`, { kind: "code" });
    expect(texts(inner)[0]?.startsWith("    deep();")).toBe(true);
  });

  test("a sentence beyond the maximum is cut at blanks, one without blanks within characters' bounds", () => {
    for (const text of ["word ".repeat(100), "😀".repeat(200), "a".repeat(1_000)]) {
      const found = texts(document(text));
      expect(found.every((chunk) => chunk.length <= SMALL.charsMax)).toBe(true);
      expect(found.every((chunk) => chunk.isWellFormed())).toBe(true);
      expect(found.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }
  });

  test("scripts that say more per sign have shorter chunks", () => {
    const text = "今天天气很好我们去公园。".repeat(300);
    const lengths = chunkDocument(document(text)).map((chunk) => chunk.text.length);
    expect(Math.max(...lengths)).toBeLessThan(DEFAULT_CHUNKING.charsMax / 2);
    expect(Math.min(...lengths)).toBeGreaterThan(300);
  });

  test("the chunker's name holds its size", () => {
    expect(toChunkerId(DEFAULT_CHUNKING)).toBe("tree2-1200");
  });

  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.lorem({ maxCount: 4, mode: "sentences" }),
    fc.constantFrom(
      ..."\n|\n\n|# |## |```|~~~\n|- |1. |    |。|😀|今天天气|a: |\r\n".split("|"),
      "| a | b |\n",
      "x".repeat(300),
    ),
  );
  const anyDocument = fc.record({
    text: fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join("")),
    kind: fc.constantFrom<LoadedDocument["kind"]>("prose", "markdown", "code"),
    cuts: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        depth: fc.nat(3),
        page: fc.nat(2),
      }),
      { maxLength: 8 },
    ),
  });

  test("every non-blank character is in exactly one chunk, in order, within the limits, whatever the document", () => {
    fc.assert(
      fc.property(anyDocument, ({ text, kind, cuts }) => {
        const sections = cuts
          .map(({ at, depth, page }): Section => {
            const headings = ["A", "B", "C"].slice(0, depth);
            const start = Math.floor(at * text.length);
            return page === 0 ? { start, headings } : { start, headings, page };
          })
          .toSorted((one, other) => one.start - other.start);
        const loaded = document(text, { kind, sections });
        const chunks = chunkDocument(loaded, SMALL);
        let at = 0;
        for (const [position, chunk] of chunks.entries()) {
          expect(text.slice(at, chunk.start).trim()).toBe("");
          expect(chunk.text).toBe(text.slice(chunk.start, chunk.end));
          expect(chunk.text.trim()).not.toBe("");
          expect(chunk.text.length).toBeLessThanOrEqual(SMALL.charsMax);
          expect(chunk.position).toBe(position);
          expect(chunk.id).toBe(`guide.md#${position}`);
          at = chunk.end;
        }
        expect(text.slice(at).trim()).toBe("");
      }),
      { numRuns: 400 },
    );
  });
});
