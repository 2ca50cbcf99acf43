import * as fc from "fast-check";
import { lexer } from "marked";
import { describe, expect, test } from "vitest";
import { createSanitizer } from "../../src/grounding/write/sanitizer.ts";
import { createSourceLinks } from "../../src/grounding/write/source-links.ts";
import { listTokens } from "../support/markdown.ts";
import { toPassage } from "../support/run.ts";

const source = "https://docs.example/guide?a=1";
const links = createSourceLinks();
links.add([toPassage(1, "", { metadata: { url: source, source: "javascript:alert(1)" } })]);

const cases: readonly (readonly [string, string])[] = [
  ["An image ![a](https://evil.example/x.png).", "An image ! [a] (https: //evil.example/x.png)."],
  [`Even of a source ![a](${source}).`, `Even of a source ! [a](${source}).`],
  [`A link [guide](${source}).`, `A link [guide](${source}).`],
  ["A link [guide](https://evil.example).", "A link [guide] (https: //evil.example)."],
  [
    `A longer one [guide](${source}&b=secret).`,
    `A longer one [guide] (https: //docs.example/guide?a=1&b=secret).`,
  ],
  [`With a title [guide](${source} "x").`, `With a title [guide] (${source} "x").`],
  ["A relative one [guide](/login).", "A relative one [guide] (/login)."],
  ["[ref][a]\n\n[a]: https://evil.example", "[ref][a]\n\n[a] : https: //evil.example"],
  ["<https://evil.example>", "< https: //evil.example>"],
  [`<${source}>`, `<${source}>`],
  [`See ${source}.`, `See ${source}.`],
  [`See ${source}/x.`, "See https: //docs.example/guide?a=1/x."],
  ["See www.evil.example and WWW.evil.example.", "See www. evil.example and WWW. evil.example."],
  ["<img src=x onerror=alert(1)>", "< img src=x onerror=alert(1)>"],
  ["<script>x</script><!-- y -->", "< script>x< /script>< !-- y -->"],
  ["[x](javascript:alert(1))", "[x] (javascript :alert(1))"],
  ["[x](DATA:text/html,x) vbscript:x", "[x] (DATA :text/html,x) vbscript :x"],
  ["The data: 5 rows, at 10:30, 1 < 2, a[i], b!", "The data: 5 rows, at 10:30, 1 < 2, a[i], b!"],
  ["Run `curl http://127.0.0.1:8080/` or `a<b>`.", "Run `curl http://127.0.0.1:8080/` or `a<b>`."],
  ["```sh\ncurl http://localhost <b>\n```\n<b>", "```sh\ncurl http://localhost <b>\n```\n< b>"],
  ["```\njavascript:x\n```", "```\njavascript :x\n```"],
  ["A ` open <b> and\n`http://x`", "A ` open < b> and\n`http: //x`"],
  ["| `a | <b>` |", "| `a | < b>` |"],
  ["- ```\n  <b>\n  ```", "- ```\n  < b>\n  ```"],
  ["\\`<b>`", "\\`< b>`"],
  ["$$\n```\n$$\n![a](/x)\n```", "$$\n```\n$$\n! [a] (/x)\n```"],
  ["\\[\n~~~\n\\]\n<b>", "\\[\n~~~\n\\]\n< b>"],
  ["\\begin{equation}\n```\n\\end{equation}\n<b>", "\\begin{equation}\n```\n\\end{equation}\n< b>"],
  [":::note\n```\n:::\n<b>", ":::note\n```\n:::\n< b>"],
  ["%%\n```\n%%\n![a](/x)\n```", "%%\n```\n%%\n! [a] (/x)\n```"],
  ["---\na: |\n```\n---\n![a](/x)\n```", "---\na: |\n```\n---\n! [a] (/x)\n```"],
  ["\n ---\n~~~\n---\n<b>", "\n ---\n~~~\n---\n< b>"],
  ["+++\n```\n+++\n<b>", "+++\n```\n+++\n< b>"],
  ["A\n\n---\n\n`a<b>` at 5% or 6%.", "A\n\n---\n\n`a<b>` at 5% or 6%."],
  ["-- `a<b>`", "-- `a<b>`"],
  ["```tex\n%% <b>\n```\nRun `%%timeit <b>`.", "```tex\n%% <b>\n```\nRun `%%timeit <b>`."],
  ["```|a\n|-|-|\n| <b> | ![a](/x)", "```|a\n|-|-|\n| < b> | ! [a] (/x)"],
  ["A $ ` $ <b> `", "A $ ` $ < b> `"],
  ["A \\( ` \\) <b> `", "A \\( ` \\) < b> `"],
  ["For $5 or $6 take `a<b>` and C:\\bin `a<b>`.", "For $5 or $6 take `a<b>` and C:\\bin `a<b>`."],
  ["For $5.\n\nRun `echo $HOME <b>`.", "For $5.\n\nRun `echo $HOME <b>`."],
  ["```sh\necho $$ <b> \\( x \\)\n```", "```sh\necho $$ <b> \\( x \\)\n```"],
  ["An open [", "An open ["],
  ["An open <", "An open <"],
];

describe("sanitiser", () => {
  test.each(cases)("%j becomes %j", (text, expected) => {
    expect(clean([text])).toBe(expected);
  });

  const parts = [
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "!",
    ":",
    "`",
    "``",
    "```",
    "~~~",
    "\n",
    "\n\n",
    "\\",
    "|",
    "  ",
    " ",
    "x",
    ".",
    "/",
    "://",
    "http",
    "https://evil.example/?q=",
    source,
    "www.",
    "ftp://",
    "javascript:",
    "data:",
    "img src=x",
    "[a]: ",
    "- ",
    "> ",
    "1. ",
    "&",
    "a\n",
    "```\n",
    "**",
    "\t",
    "](",
    "![",
    `[a](${source})`,
    "[a](https://evil.example)",
    "<b>",
    "mailto:",
    "    ",
    "$",
    "$$",
    "\\[",
    ":::",
    "%%",
    "---",
  ];
  const anyText = fc
    .array(fc.constantFrom(...parts), { maxLength: 24 })
    .map((some) => some.join(""));

  test("however the text is cut, the same comes out", () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(200)), (text, cuts) => {
        const whole = clean([text]);
        expect(clean(cut(text, cuts))).toBe(whole);
        expect(clean(text.split(""))).toBe(whole);
      }),
      { numRuns: 2_000 },
    );
  });

  test("what was clean stays as it is", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const once = clean([text]);
        expect(clean([once])).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a renderer finds no image, no HTML and no foreign link in it", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(findForbidden(clean([text]))).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });

  test("without leave for code, nothing forbidden is left in code either", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = clean([text], false);
        const others = shown.replaceAll(`<${source}>`, "");
        expect(others).not.toMatch(/!\[|<[a-z/!?]|(?:java|vb)script:/i);
        for (const [address] of shown.matchAll(/[a-z]+:\/\/[^\s)>]*/gi)) {
          expect(address.startsWith(source)).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    "[",
    "<",
    "!",
    "]",
    ":",
    "`",
    "``",
    "$",
    "%",
    "-",
    "\\",
    "~",
    " ",
    "[a](",
    "`a",
    "```a",
  ])("%j, however often, holds back little and takes linear time", (unit) => {
    const sanitizer = createSanitizer({ links, verbatimCode: true });
    const text = unit.repeat(2 ** 16 / unit.length);
    const first = sanitizer.push(text).replaceAll(" ", "").length;
    expect(text.replaceAll(" ", "").length - first).toBeLessThan(512);
  });
});

function clean(pieces: readonly string[], verbatimCode = true): string {
  const sanitizer = createSanitizer({ links, verbatimCode });
  return pieces.map((piece) => sanitizer.push(piece)).join("") + sanitizer.end();
}

/** Images, HTML and links to anything but the source; a mail address is no way out. */
function findForbidden(text: string): readonly string[] {
  return listTokens([...lexer(text)])
    .filter(({ type, href = "" }) => {
      const isForeign = type === "link" && href !== source && !href.startsWith("mailto:");
      return type === "image" || type === "html" || isForeign;
    })
    .map(({ raw }) => raw);
}

function cut(text: string, cuts: readonly number[]): readonly string[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
  return places.slice(1).map((to, index) => text.slice(places[index], to));
}
