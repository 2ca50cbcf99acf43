import * as fc from "fast-check";
import { Lexer } from "marked";
import { describe, expect, test } from "vitest";
import { findHeadings, toSections } from "../../../ingest/loaders/headings.ts";

function find(text: string): readonly string[] {
  return findHeadings(text, 300).headings.map(({ level, title }) => `${level} ${title}`);
}

/** The same headings as a full parser sees at the top level. */
function findByParser(text: string): readonly string[] {
  return new Lexer()
    .lex(text)
    .flatMap((token) =>
      token.type === "heading" ? [token as { depth: number; text: string }] : [],
    )
    .filter(({ text }) => text.trim() !== "")
    .map(({ depth, text }) => `${depth} ${text.replace(/\s+/g, " ").trim()}`);
}

describe("headings are found where a full parser finds them", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["levels", "# one\n## two\n###### six\n####### seven"],
    ["no space after the mark", "#one\n# two"],
    ["closing marks", "# one #\n## two ##"],
    ["indented by three and by four", "   # one\n\n    # code"],
    ["setext", "One\n===\n\nTwo\n---\n"],
    ["setext of two lines", "One\nmore\n===\n"],
    ["a rule is no heading", "text\n\n---\n\nmore"],
    ["a rule under a list item", "- item\n---\n"],
    ["inside a fence", "```\n# no\n```\n# yes"],
    ["inside a longer fence", "````\n```\n# no\n````\n# yes"],
    ["inside tildes", "~~~ md\n# no\n~~~\n# yes"],
    ["a fence that never closes", "```\n# no\n# no"],
    ["inside a list", "- item\n\n  # inner\n\n# outer"],
    ["inside a numbered list", "1. item\n   ```\n   # no\n   ```\n\n# yes"],
    ["a fence left by its list", "- a\n  ```\n  # no\n\n# yes"],
    ["inside a quote", "> # no\n\n# yes"],
    ["after a paragraph without a blank line", "text\n# yes"],
    ["inside an HTML block", "<div>\n# no\n\n# yes\n</div>"],
    ["inside pre", "<pre>\n\n# no\n\n</pre>\n\n# yes"],
    ["inside a comment", "<!--\n# no\n\n# no\n-->\n\n# yes"],
    ["tabs", "#\tone\n\n\t# code"],
    ["an empty heading", "#\n\n# yes"],
  ];
  test.each(cases)("%s", (_, text) => {
    expect(find(text)).toEqual(findByParser(text));
  });
});

test("any mix of plain blocks gives the parser's headings", () => {
  const block = fc.constantFrom(
    "# one",
    "## two",
    "words",
    "words\nmore words",
    "Title\n===",
    "Title\n---",
    "- item\n- item",
    "1. item\n2. item",
    "> quote\n> # no",
    "```\n# no\n```",
    "    # code",
    "---",
    "<!-- # no -->",
    "| a | b |\n| --- | --- |\n| 1 | 2 |",
  );
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), (blocks) => {
      const text = blocks.join("\n\n");
      expect(find(text)).toEqual(findByParser(text));
    }),
    { numRuns: 300 },
  );
});

describe("heading titles are plain words", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["# The `fuse()` **stage**", "The fuse() stage"],
    ["# See [the guide](guide.md)", "See the guide"],
    ["# ![logo](x.png) Name", "logo Name"],
    ["# Name [![Build](b.svg)](https://ci.example) [![npm][n]][p]", "Name"],
    ["# [![Name](logo.svg)](https://name.example)", "Name"],
    ["# Title {#custom-id}", "Title"],
    ["# snake_case and _emphasis_", "snake_case and emphasis"],
    ["# a \\* b", "a * b"],
    ["# Map<K, V> and <em>more</em>", "Map<K, V> and more"],
    ["# zero\u200Bwidth", "zerowidth"],
    ['<h1 align="center">Logo</h1>', "Logo"],
  ];
  test.each(cases)("%s", (text, title) => {
    expect(findHeadings(text, 300).headings.map((heading) => heading.title)).toEqual([title]);
  });
});

test("a very long heading is cut", () => {
  const [heading] = findHeadings(`# ${"long ".repeat(10_000)}`, 50).headings;
  expect(heading?.title).toHaveLength(50);
});

test("sections carry the titles around them, and a level that ends is left", () => {
  const { headings } = findHeadings("# A\n## B\n### C\n## D\n# E", 300);
  expect(toSections(headings).map((section) => section.headings.join(" › "))).toEqual([
    "A",
    "A › B",
    "A › B › C",
    "A › D",
    "E",
  ]);
});

test("offsets hold with CRLF and any text around", () => {
  const line = fc.constantFrom("# Head one", "## Head two", "text", "", "- item", "é😀 text");
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom("\n", "\r\n"), (lines, end) => {
      const text = lines.join(end);
      for (const { start, title } of findHeadings(text, 300).headings) {
        expect(text.slice(start)).toMatch(new RegExp(`^#{1,2} ${title}`));
      }
    }),
  );
});
