import { describe, expect, test } from "vitest";
import { load } from "../fixtures/load.ts";

async function read(text: string, name = "page.rst"): Promise<string> {
  const { documents, problems } = await load(name, text);
  expect(problems).toEqual([]);
  return documents[0]?.text ?? "";
}

describe("reStructuredText is read as a reader sees it", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      "headings by the order of their styles",
      "=====\nGuide\n=====\n\nStart\n=====\n\nFirst\n-----\n\nWords.\n\nEnd\n===\n",
      "# Guide\n\n## Start\n\n### First\n\nWords.\n\n## End",
    ],
    [
      "code, with its language or behind two colons",
      ".. code-block:: python\n   :linenos:\n\n   def f():\n\n       return 1\n\nRun this::\n\n    $ go\n\nDone.",
      "```python\ndef f():\n\n    return 1\n```\n\nRun this:\n\n```\n$ go\n```\n\nDone.",
    ],
    [
      "notes and versions with their label",
      ".. note:: Keep it.\n\n.. warning::\n\n   Lost work.\n\n   For good.\n\n.. versionadded:: 3.2\n   The option.\n\n.. deprecated:: 4.0",
      "Note: Keep it.\n\nWarning: Lost work.\n\nFor good.\n\nNew in version 3.2: The option.\n\nDeprecated since version 4.0",
    ],
    [
      "roles, links, substitutions and raised marks of notes",
      ".. |app| replace:: Tributary\n\nCall :meth:`~flask.Flask.route` of |app|, see :ref:`the guide <start>` and `the site <https://example.org/a>`_; ``a|b`` stays [1]_.",
      "Call `route()` of Tributary, see the guide and [the site](https://example.org/a); `a|b` stays.",
    ],
    [
      "entries: functions, settings, terms and fields",
      ".. function:: open(name)\n              open(name, mode)\n\n   Opens it.\n\n   :param name: Its name.\n\n.. glossary::\n\n   soft\n      Keeps all.\n\n.. setting:: DEBUG\n",
      "- `open(name)`, `open(name, mode)`: Opens it.\n\n  - param name: Its name.\n- soft: Keeps all.",
    ],
    [
      "lists within lists, with code in them",
      "* One::\n\n    go\n\n  * Inner\n    goes on.\n* Two\n\n1. First\n2. Second",
      "- One:\n\n  ```\n  go\n  ```\n\n  - Inner\n    goes on.\n- Two\n1. First\n2. Second",
    ],
    [
      "tables of three kinds",
      "=====  ====\nName   Size\n=====  ====\nsmall  1\nlarge  2\n       or 3\n=====  ====\n\n+---+-----+\n| A | B   |\n+===+=====+\n| 1 | two |\n|   | 2   |\n+---+-----+\n\n.. list-table::\n   :header-rows: 1\n\n   * - Key\n     - Value\n   * - port\n     - 80",
      "| Name | Size |\n| --- | --- |\n| small | 1 |\n| large | 2 or 3 |\n\n| A | B |\n| --- | --- |\n| 1 | two 2 |\n\n| Key | Value |\n| --- | --- |\n| port | 80 |",
    ],
    [
      "nothing that only a program reads",
      ".. _start:\n\n.. a comment\n   of two lines\n\n.. toctree::\n   :maxdepth: 2\n\n   intro\n\n.. image:: a.png\n   :alt: The flow\n\n.. index:: words\n\nText.\n\n----\n\nMore.",
      "The flow\n\nText.\n\nMore.",
    ],
    [
      "a directive nobody knows is what it holds",
      ".. fancy:: Title\n\n   What it says.\n\n.. grid-item::\n\n   Inside.",
      "- `Title`: What it says.\n\nInside.",
    ],
  ];
  test.each(cases)("%s", async (_, source, text) => {
    expect(await read(source)).toBe(text);
  });

  test("its title is its first heading, its sections are those of the headings", async () => {
    const { documents } = await load("a/page.rst", "Guide\n=====\n\nStart\n-----\n\nWords.\n");
    expect(documents[0]).toMatchObject({ title: "Guide", kind: "markdown" });
    expect(documents[0]?.sections.map(({ headings }) => headings)).toEqual([
      ["Guide"],
      ["Guide", "Start"],
    ]);
  });
});

describe("a text file is read so only where all signs say so", () => {
  const source =
    "Sessions\n========\n\n.. _sessions:\n\nCall :meth:`flush` or ``clear``.\n\n.. note::\n\n   Mind it.\n";

  test("reStructuredText under the ending of text", async () => {
    expect(await read(source, "sessions.txt")).toContain(
      "# Sessions\n\nCall `flush()` or `clear`.",
    );
  });

  test.each([
    ["a letter", "Dear all\n========\n\nThe price is 4 EUR.\n\n.. and so on\n"],
    ["a note on code", "Set ``a`` and ``b`` and ``c``.\n"],
  ])("%s stays as it is", async (_, text) => {
    expect(await read(text, "note.txt")).toBe(text);
  });
});

describe("hostile files", () => {
  test.each([
    [
      "lists within lists",
      Array.from({ length: 4_000 }, (_, at) => `${" ".repeat(at)}* a`).join("\n"),
    ],
    ["frames of tables without end", "=== ===\n".repeat(20_000)],
    ["signs that never end", "``a `b :ref:`c |d ".repeat(20_000)],
    ["roles without words", ":a".repeat(300_000)],
    ["blanks within a link", `See \`a${" ".repeat(600_000)}b`],
    ["blanks within a role", `See :doc:\`a${" ".repeat(600_000)}b\``],
    ["blanks before colons", `See a${" ".repeat(600_000)}:::`],
    ["names of names", "a.".repeat(300_000)],
    ["a block of very many lines", `Title:\n${"  a\n".repeat(200_000)}`],
    ["a block of very many blocks", `Title:\n\n${"  a\n\n".repeat(150_000)}`],
    ["terms of terms", Array.from({ length: 3_000 }, (_, at) => `${" ".repeat(at)}a`).join("\n")],
  ])("%s end", async (_, text) => {
    const { documents } = await load("page.rst", text);
    expect(documents).toHaveLength(1);
  });

  test("a text of another kind is known as such at once, however its lines end", async () => {
    const { documents } = await load("note.txt", 'a\r"\r'.repeat(200_000));
    expect(documents).toHaveLength(1);
  });
});
