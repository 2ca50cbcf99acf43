import { expect, test } from "vitest";
import { load } from "../fixtures/load.ts";

const toBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const PICTURE = `data:image/png;base64,${"iVBORw0KGgo".repeat(2_000)}=`;

test("text and code of a notebook are one document, without what it printed", async () => {
  const cells = [
    { cell_type: "markdown", source: ["# Retries\n", "\n", "Waits grow."] },
    { cell_type: "code", source: "wait = 2 ** n", outputs: [{ text: ["printed 77"] }] },
    { cell_type: "markdown", source: "## Jitter\n\nIt spreads clients." },
    { cell_type: "code", source: ["s = '```'\n", "print(s)"], outputs: [] },
    { cell_type: "code", source: "", outputs: [] },
  ];
  const metadata = { language_info: { name: "python" } };
  const { documents, problems } = await load("n.ipynb", toBytes({ cells, metadata, nbformat: 4 }));
  expect(problems).toEqual([]);
  const [document] = documents;
  expect(document).toMatchObject({ id: "n.ipynb", title: "Retries", kind: "markdown" });
  expect(document!.text).toBe(
    "# Retries\n\nWaits grow.\n\n```python\nwait = 2 ** n\n```\n\n## Jitter\n\nIt spreads clients.\n\n````python\ns = '```'\nprint(s)\n````",
  );
  expect(document!.sections.map(({ headings }) => headings)).toEqual([
    ["Retries"],
    ["Retries", "Jitter"],
  ]);
});

test.each([
  ["no JSON", "{", "damaged"],
  ["another JSON", '{"a":1}', "damaged"],
  ["no cell with text", '{"cells":[]}', "no-text"],
])("a notebook that holds %s is reported", async (_, text, code) => {
  const { documents, problems } = await load("n.ipynb", new TextEncoder().encode(text));
  expect({ documents, codes: problems.map((problem) => problem.code) }).toEqual({
    documents: [],
    codes: [code],
  });
});

test("a picture within Markdown is no text of it, and offsets hold", async () => {
  const before = "# Plan\n\nThe plan: ![picture](";
  const raw = `${before}${PICTURE})\n\nWords after it.\n`;
  const { documents } = await load("a.md", new TextEncoder().encode(raw));
  const { text } = documents[0]!;
  expect(text).not.toContain("iVBOR");
  expect(text.indexOf("Words after it.")).toBe(raw.indexOf("Words after it."));
});

test.each([
  ["a picture", { cells: [{ cell_type: "markdown", source: `Words. ![](${PICTURE})` }] }, "Words."],
  [
    "very many marks of code",
    { cells: [{ cell_type: "code", source: "Words. ".padEnd(600_000, "` ") }] },
    "```\nWords.",
  ],
  [
    "no name of its language",
    { cells: [{ cell_type: "markdown", source: "Words." }], metadata: { language_info: {} } },
    "Words.",
  ],
])("a notebook with %s is read, and the picture is no text of it", async (_, notebook, start) => {
  const { documents, problems } = await load("n.ipynb", toBytes(notebook));
  expect(problems).toEqual([]);
  expect(documents[0]!.text.startsWith(start)).toBe(true);
  expect(documents[0]!.text).not.toContain("iVBOR");
});
