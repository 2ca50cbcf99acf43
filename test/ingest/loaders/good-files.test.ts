import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load, outline } from "../fixtures/load.ts";
import { writeDocx, writeEpub, writePptx, writeXlsx } from "../fixtures/office-files.ts";
import { writePdf } from "../fixtures/pdf-file.ts";

async function loadOne(name: string, content: string | Uint8Array) {
  const { documents, problems } = await load(name, content);
  expect(problems).toEqual([]);
  expect(documents).toHaveLength(1);
  return documents[0]!;
}

describe("Markdown", () => {
  const text =
    "---\r\ntitle: The Guide\r\ntags: [a, b]\r\nlevel: 3\r\n---\r\n# One\r\ntext\r\n## Two\r\nmore";

  test("keeps its own characters, line ends included, with headings at their offsets", async () => {
    const document = await loadOne("guide.md", text);
    expect(document.kind).toBe("markdown");
    expect(document.text).toHaveLength(text.length);
    expect(document.text.slice(text.indexOf("# One"))).toBe(text.slice(text.indexOf("# One")));
    expect(outline(document)).toEqual(["One | # One", "One › Two | ## Two"]);
  });

  test("takes title and metadata from front matter, which is no text of the document", async () => {
    const document = await loadOne("guide.md", text);
    expect(document.title).toBe("The Guide");
    expect(document.metadata).toEqual({ tags: ["a", "b"], level: 3 });
    expect(document.text.trim().startsWith("# One")).toBe(true);
  });

  const titles: readonly (readonly [string, string, string])[] = [
    ["the first h1", "## Two\n# One", "One"],
    ["the first heading where there is no h1", "text\n## Two", "Two"],
    ["the file name where there is no heading", "text", "guide"],
    ["its name, where the first is a number in a series", "# 2.1 (May)\nnew\n# 2.0\nold", "guide"],
    [
      "its name, where the first is a version of several",
      "## Version 2\nb\n## Version 1\na",
      "guide",
    ],
    [
      "its first heading with a number",
      "# Version 2 of the guide\n## 1\na\n## 2\nb\n# Notes",
      "Version 2 of the guide",
    ],
  ];
  test.each(titles)("is titled by %s", async (_, content, title) => {
    expect((await loadOne("docs/guide.md", content)).title).toBe(title);
  });

  test.each([
    [
      "a list of links to its own parts",
      "- [One](#one)\n- [`two`](#two)\n\n  * [Three](#three)\r\n",
    ],
    ["numbered, at the end", "1. [a](#a)\n2. [b](#b)\n3. [c](#c)"],
  ])("blanks the table of contents without moving anything: %s", async (_, contents) => {
    const { text } = await loadOne("guide.md", `# Guide\n\nWords.\n\n${contents}`);
    expect(text).toHaveLength(`# Guide\n\nWords.\n\n${contents}`.length);
    expect(text.trim()).toBe("# Guide\n\nWords.");
  });

  test.each([
    ["two links", "- [One](#one)\n- [Two](#two)\n"],
    ["links with words", "- [One](#a): first\n- [Two](#b): second\n- [Three](#c): third\n"],
    ["links to other pages", "- [One](a.md)\n- [Two](b.md)\n- [Three](c.md)\n"],
    ["a table of contents in code", "```md\n- [One](#a)\n- [Two](#b)\n- [Three](#c)\n```\n"],
    [
      "one in code within code",
      "````md\n```\n- [One](#a)\n- [Two](#b)\n- [Three](#c)\n```\n````\n",
    ],
    [
      "one in code within a list",
      "1. Write:\n\n   ```md\n   - [One](#a)\n   - [Two](#b)\n   - [Three](#c)\n   ```\n",
    ],
    ["a page that is nothing else", "- [One](#a)\n- [Two](#b)\n- [Three](#c)\n"],
  ])("keeps %s", async (_, text) => {
    expect((await loadOne("guide.md", text)).text).toBe(text);
  });

  test("blanks comments without moving anything", async () => {
    const content = "before\n\n<!-- secret\norders -->\n\n# After";
    const document = await loadOne("a.md", content);
    expect(document.text).not.toContain("secret");
    expect(document.text.indexOf("# After")).toBe(content.indexOf("# After"));
  });

  test("front matter as YAML lists and quotes", async () => {
    const content =
      '---\ntitle: "Quoted: title"\nauthors:\n  - Ann\n  - Bo\ndraft: false\n# note\n---\ntext';
    const document = await loadOne("a.md", content);
    expect(document.title).toBe("Quoted: title");
    expect(document.metadata).toEqual({ authors: ["Ann", "Bo"], draft: false });
  });

  test("a rule at the top is no front matter", async () => {
    const document = await loadOne("a.md", "---\nJust a sentence.\n---\ntext");
    expect(document.text).toContain("Just a sentence.");
  });

  const ruled: readonly (readonly [string, string])[] = [
    ["a blank line below the first", "\n\nDear team,\n\nWarning: the vault code is 8812.\n"],
    ["a blank line, and pairs alone", "\nWarning: the vault code is 8812.\n"],
    ["a line that is no pair", "Warning: the vault code is 8812.\nKeep it.\n"],
    ["a list below no key", "- one\n- Warning: the vault code is 8812.\n"],
    ["a dialogue", "Ann: the code?\nBo: it is 8812.\nAnn: thanks.\n"],
    ["a sentence with a colon", "Please, all of you, remember: it is 8812.\n"],
  ];
  test.each(ruled)("words between two rules are text: %s", async (_, words) => {
    const document = await loadOne("a.md", `---\n${words}\n---\n\nRegards`);
    expect(document.text).toContain("8812");
    expect(document.metadata).toEqual({});
  });

  test("front matter of other YAML is no text, read or not", async () => {
    const content =
      '---\nlayout: post\n\n"quoted key": 1\nüber: uns\nnested:\n  deep:\n    - one\ntags: [a,\n  b\n]\ntext: |\n  Words: more.\n\n  Still words\n# note\nlist:\n- one\nog:title: y\n---\ntext';
    const document = await loadOne("a.md", content);
    expect(document.text.trim()).toBe("text");
    expect(document.text.indexOf("text")).toBe(content.lastIndexOf("text"));
    expect(document.metadata).toMatchObject({ layout: "post", list: ["one"] });
  });
});

describe("HTML", () => {
  const page = `<html><head><title>The Page</title><style>p{}</style></head><body>
    <nav>menu words</nav><h1>Head</h1><p>Some <b>bold</b> an_under_score <a href="/x">here</a>.</p>
    <p style="display: none">unseen words</p><p hidden>unseen words</p><!-- unseen words -->
    <script>unseen()</script><table><tr><td>A</td><td>B</td></tr><tr><td>1</td><td>2|3</td></tr></table>
    <h2>Sub</h2><pre><code>let x = 1;</code></pre><ul><li>item</li></ul><footer>foot words</footer></body></html>`;

  test("becomes Markdown with title, headings, tables and code", async () => {
    const document = await loadOne("page.html", page);
    expect(document.title).toBe("The Page");
    expect(document.kind).toBe("markdown");
    expect(outline(document)).toEqual(["Head | # Head", "Head › Sub | ## Sub"]);
    expect(document.text).toContain("| A | B |\n| --- | --- |\n| 1 | 2\\|3 |");
    expect(document.text).toContain("```\nlet x = 1;\n```");
    expect(document.text).toContain("an_under_score here.");
  });

  test.each(["menu", "foot", "unseen"])("leaves out what is not content: %s", async (word) => {
    expect((await loadOne("page.html", page)).text).not.toContain(word);
  });

  test("a fragment without head or body is read too", async () => {
    expect((await loadOne("part.html", "<p>Only a paragraph.</p>")).text).toBe("Only a paragraph.");
  });

  test("a page without a title is titled by its first heading", async () => {
    const page = "<title> </title><h1>Head</h1><p>words</p>";
    expect((await loadOne("page.html", page)).title).toBe("Head");
  });

  test("comparisons in a script are no nesting", async () => {
    const script = "<script>if (i<n) { a<b; }</script><!-- <div> -->".repeat(2_000);
    expect((await loadOne("page.html", `${script}<p>words</p>`)).text).toBe("words");
  });

  test("rules around a line are not taken for front matter", async () => {
    const { text } = await loadOne("page.html", "<hr><p>key: value</p><hr><p>words</p>");
    expect(text).toContain("key: value");
  });

  test("a page has no front matter, whatever it looks like", async () => {
    const page = "<p>---<br>code: 8812</p><p>---</p><p>Regards</p>";
    const { text, metadata } = await loadOne("page.html", page);
    expect(text).toContain("code: 8812");
    expect(metadata).toEqual({});
  });

  test("a page of short links keeps them all", async () => {
    const links = Array.from({ length: 40 }, (_, at) => `<li><a href="#">Entry ${at}</a></li>`);
    const { text } = await loadOne("index.html", `<body><ul>${links.join("")}</ul></body>`);
    expect(text.match(/Entry \d+/g)).toHaveLength(40);
  });
});

describe("PDF", () => {
  const file = writePdf(
    [
      [
        { text: "The Manual", size: 22 },
        {
          text: "A first line that goes on to the end of the column and breaks a long exam-",
          gap: 40,
        },
        "ple in two; the year 2024-",
        "05 keeps its hyphen.",
        { text: "Another paragraph.", gap: 30 },
      ],
      [
        { text: "Chapter", size: 16 },
        { text: "Words of page two.", gap: 30 },
      ],
      ["Words of page three."],
    ],
    "Manual, third edition",
  );

  test("has its title, paragraphs and words that were broken at line ends", async () => {
    const document = await loadOne("manual.pdf", file);
    expect(document.title).toBe("Manual, third edition");
    expect(document.text).toContain("breaks a long example in two;");
    expect(document.text).toContain("2024-05 keeps");
    expect(document.text).toContain("\n\nAnother paragraph.");
  });

  test("has pages and headings at their offsets", async () => {
    expect(outline(await loadOne("manual.pdf", file))).toEqual([
      "p1 The Manual | The Manual",
      "p2 The Manual › Chapter | Chapter",
      "p3 The Manual › Chapter | Words of page three.",
    ]);
  });

  test("a numbered heading right below a title of its size is a heading of its own", async () => {
    const lines = [
      { text: "Leave and Absence", size: 18 },
      { text: "Policy", size: 18, gap: 22 },
      { text: "1. Annual leave", size: 18, gap: 22 },
      "Every employee has 28 days of annual leave in each calendar year.",
    ];
    const { sections } = await loadOne("a.pdf", writePdf([lines]));
    expect(sections.map(({ headings }) => headings)).toEqual([
      ["Leave and Absence Policy"],
      ["1. Annual leave"],
    ]);
  });

  test("without a title of its own is titled by its largest line", async () => {
    const lines = [{ text: "Large", size: 20 }, "small words that make up the text of it"];
    expect((await loadOne("a.pdf", writePdf([lines]))).title).toBe("Large");
  });

  test("loses running heads and page numbers, and the dots of its contents", async () => {
    const pages = ["alpha", "beta", "gamma", "delta"].map((word, at) => [
      "The running head",
      { text: `Words about ${word}. . . . . . . . ${at}`, gap: 30 },
      { text: `Page ${at + 1} of 4`, gap: 200 },
    ]);
    const { text } = await loadOne("a.pdf", writePdf(pages));
    expect(text.split("\n\n")).toEqual(
      ["alpha … 0", "beta … 1", "gamma … 2", "delta … 3"].map((rest) => `Words about ${rest}`),
    );
  });

  test("that may be opened but not changed is read", async () => {
    const bytes = readFileSync(new URL("../fixtures/owner-password.pdf", import.meta.url));
    expect((await loadOne("a.pdf", bytes)).text).toBe("A secret plan.");
  });
});

describe("office files", () => {
  test("DOCX: headings, lists and tables", async () => {
    const blocks = [
      "# Guide",
      "First.",
      "## Details",
      "- one",
      "- two",
      [
        ["A", "B"],
        ["1", "2|3"],
      ],
    ];
    const document = await loadOne("a.docx", writeDocx(blocks, { title: "Core title" }));
    expect(document.title).toBe("Core title");
    expect(document.text).toBe(
      "# Guide\n\nFirst.\n\n## Details\n\n- one\n- two\n\n| A | B |\n| --- | --- |\n| 1 | 2\\|3 |",
    );
    expect(outline(document)).toEqual(["Guide | # Guide", "Guide › Details | ## Details"]);
    expect(document.metadata).toEqual({ author: "Ann Author" });
  });

  test("PPTX: slides are pages, with or without a title", async () => {
    const slides = [
      ["Opening", "one", "two"],
      ["", "no title here"],
      ["End", "bye"],
    ];
    const document = await loadOne("a.pptx", writePptx(slides));
    expect(document.title).toBe("Opening");
    expect(outline(document)).toEqual([
      "p1 Opening | # Opening",
      "p2  | no title here",
      "p3 End | # End",
    ]);
  });

  test("XLSX: sheets are pages, and a row says which column each value is of", async () => {
    const rows = [
      ["Item", "Price"],
      ["Tea", 3],
      ["Cake", 4.5],
    ];
    const document = await loadOne("a.xlsx", writeXlsx({ Prices: rows, Staff: [["Ann"], ["Bo"]] }));
    expect(outline(document)).toEqual(["p1 Prices | # Prices", "p2 Staff | # Staff"]);
    expect(document.text).toBe(
      "# Prices\n\nItem: Tea; Price: 3\n\nItem: Cake; Price: 4.5\n\n# Staff\n\nAnn\n\nBo",
    );
  });

  test("EPUB: chapters in reading order, without scripts", async () => {
    const chapters = [
      "<h1>One</h1><p>It began.</p><script>unseen()</script>",
      "<h1>Two</h1><h2>In</h2><p>It ended.</p>",
    ];
    const document = await loadOne("a.epub", writeEpub("The Book", chapters));
    expect(document.title).toBe("The Book");
    expect(document.text).toBe("# One\n\nIt began.\n\n# Two\n\n## In\n\nIt ended.");
    expect(outline(document)).toEqual(["One | # One", "Two | # Two", "Two › In | ## In"]);
  });
});

describe("plain text and code", () => {
  test("text is the file's own", async () => {
    const document = await loadOne("notes/today.txt", "one\r\n\r\ntwo\n");
    expect(document).toMatchObject({ title: "today", text: "one\r\n\r\ntwo\n", kind: "prose" });
  });

  const sources: readonly (readonly [string, string, readonly string[]])[] = [
    [
      "a.ts",
      "import x;\n\nexport async function load() {}\nconst two = 2;\nclass Three {}",
      ["load", "two", "Three"],
    ],
    [
      "a.py",
      "import os\n\ndef load(a):\n    def inner(): pass\n\nclass Two:\n    pass",
      ["load", "Two"],
    ],
    ["a.go", "package a\nfunc (s *Server) Run() {}\ntype Two struct {}", ["Run", "Two"]],
    ["a.rs", "pub(crate) async fn run() {}\nimpl<T> Two for T {}", ["run", "Two"]],
    ["a.java", "public final class One {\n  void two() {}\n}", ["One"]],
    ["a.sql", "CREATE TABLE IF NOT EXISTS users (id int);", ["users"]],
    ["a.yaml", "key: value", []],
  ];
  test.each(sources)(
    "%s has a section for each definition at the top",
    async (name, text, names) => {
      const document = await loadOne(`src/${name}`, text);
      expect(document).toMatchObject({ kind: "code", title: `src/${name}`, text });
      expect(document.sections.map(({ headings }) => headings[0])).toEqual(names);
      for (const { start, headings } of document.sections) {
        expect(text.slice(start).split("\n", 1)[0]).toContain(headings[0]);
      }
    },
  );
});
