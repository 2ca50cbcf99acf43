/** Keeps the documentation true: its links, settings, scripts, codes and events are those of the code. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { renderSettings } from "../scripts/render-settings.ts";
import { EXIT_CODES } from "../ingest/commands/exit-codes.ts";
import { USAGE } from "../ingest/commands/usage.ts";
import { describeSettings } from "../src/config.ts";
import { Grounding, Leg, Outcome, RunEvent } from "../src/domain/event.ts";
import { ERROR_CODES } from "../src/errors.ts";
import { toStatus } from "../src/http/response/problem.ts";
import { FORMATS } from "../src/json/formats.ts";
import { KEYWORDS } from "../src/json/schema.ts";

const ARCHITECTURE_LINES_MAX = 150;
const GUIDE = "data/guide";

const pages = [
  "README.md",
  "ARCHITECTURE.md",
  "STYLE.md",
  "data/README.md",
  ...listPages(GUIDE),
  ...listPages("docs"),
];
/** What Node itself reads. */
const NODES_OWN = [
  "NODE_USE_ENV_PROXY",
  "NODE_EXTRA_CA_CERTS",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
];
const variables = new Set([...describeSettings().map(({ variable }) => variable), ...NODES_OWN]);

describe.each(pages)("%s", (page) => {
  const text = readFileSync(page, "utf8");

  test("links to what exists", () => {
    expect(findBrokenLinks(page, text, existsSync)).toEqual([]);
  });

  test("names only settings that there are", () => {
    expect(findVariables(text).filter((name) => !variables.has(name))).toEqual([]);
  });

  test("names only scripts that there are", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: object };
    const known = { ...scripts, install: "pnpm's own" };
    expect(findScripts(text).filter((name) => !(name in known))).toEqual([]);
  });
});

describe("the guide is complete", () => {
  test("its table of settings is current (node scripts/render-settings.ts)", () => {
    const page = readFileSync(`${GUIDE}/configuration.md`, "utf8");
    expect(renderSettings(page)).toBe(page);
  });

  test("every error code stands on the page about failures, with its status", () => {
    const rows = new Map(findRows(readFileSync(`${GUIDE}/failures.md`, "utf8")));
    const expected = ERROR_CODES.map((code) => [code, String(toStatus(code))]);
    expect(expected.filter(([code = "", status]) => rows.get(code) !== status)).toEqual([]);
  });

  test("everything an answer may do without stands on the page about failures", () => {
    const rows = new Map(findRows(readFileSync(`${GUIDE}/failures.md`, "utf8")));
    const codes = listSources().flatMap((path) =>
      [...readFileSync(path, "utf8").matchAll(/\bdegrade\("(\w+)"\)/g)].map(
        ([, code]) => code ?? "",
      ),
    );
    expect(codes).toContain("context_reduced");
    expect(codes.filter((code) => !rows.has(code))).toEqual([]);
  });

  test("every event stands on the page about asking", () => {
    const rows = new Map(findRows(readFileSync(`${GUIDE}/asking.md`, "utf8")));
    const types = RunEvent.options.map(({ shape }) => shape.type.value);
    expect(types.filter((type) => !rows.has(type))).toEqual([]);
  });

  test("every outcome, grounding and status of a leg stands on the page about runs", () => {
    const rows = new Map(findRows(readFileSync(`${GUIDE}/runs-and-ledger.md`, "utf8")));
    const { options } = Leg.shape.status;
    const words: readonly string[] = [...Outcome.options, ...Grounding.options, ...options];
    expect(words.filter((word) => !rows.has(word))).toEqual([]);
  });

  test("every keyword and format of a schema stands on the page about structured output", () => {
    const page = readFileSync(`${GUIDE}/structured-output.md`, "utf8");
    const words = [...Object.keys(KEYWORDS), ...FORMATS.keys()];
    expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
  });

  test("every option and exit code of the ingest command stands on the page about ingesting", () => {
    const page = readFileSync(`${GUIDE}/ingesting.md`, "utf8");
    const options = [...new Set(USAGE.match(/--[a-z][a-z-]+/g))];
    expect(options.filter((option) => !page.includes(`| \`${option}`))).toEqual([]);
    const codes = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT_CODES).toSorted((a, b) => a - b));
  });

  test("the README links to every page of it", () => {
    const readme = readFileSync("README.md", "utf8");
    expect(listPages(GUIDE).filter((page) => !readme.includes(`(${page})`))).toEqual([]);
  });
});

test("ARCHITECTURE.md can be read in one sitting", () => {
  const lines = readFileSync("ARCHITECTURE.md", "utf8").trimEnd().split("\n").length;
  expect(lines).toBeLessThanOrEqual(ARCHITECTURE_LINES_MAX);
});

describe("an untruth is found", () => {
  test("a link to a page that is not there", () => {
    const text =
      "[a](gone.md) [b](here.md#part) [c](https://example.org/x.md)\n```\n[d](no.md)\n```";
    expect(findBrokenLinks("docs/x.md", text, (path) => path === "docs/here.md")).toEqual([
      "gone.md",
    ]);
  });

  test("a setting that is not there", () => {
    expect(findVariables("Set `NO_SUCH_SETTING=1` and `PORT`.")).toEqual([
      "NO_SUCH_SETTING",
      "PORT",
    ]);
  });

  test("a script that is not there", () => {
    expect(findScripts("run `pnpm deploy` or `pnpm run lint`, then pnpm itself")).toEqual([
      "deploy",
      "lint",
    ]);
  });
});

function listSources(): readonly string[] {
  return readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `src/${name}`);
}

function listPages(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .toSorted()
    .map((name) => `${folder}/${name}`);
}

/** Relative link targets that do not exist; code blocks are examples and not links. */
function findBrokenLinks(
  page: string,
  text: string,
  exists: (path: string) => boolean,
): readonly string[] {
  const prose = text.replace(/^```[^]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^(https?:|#|mailto:)/.test(target))
    .filter((target) => !exists(normalize(join(dirname(page), target.split("#")[0] ?? ""))));
}

/** Words that look like an environment variable: in code, or assigned in a command. */
function findVariables(text: string): readonly string[] {
  const found = [
    ...text.matchAll(/(?:`|^|[\s(])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|HOST|PORT)(?=[`=])/gm),
  ];
  return [...new Set(found.map(([, name = ""]) => name))];
}

/** What follows `pnpm` in code: a script, with or without `run`; `exec` calls what is installed. */
function findScripts(text: string): readonly string[] {
  const code = [...text.matchAll(/^```[^]*?^```|`[^`\n]+`/gm)].map(([part]) => part).join("\n");
  return [...code.matchAll(/\bpnpm (?!exec )(?:run )?([a-z][a-z:-]*)/g)].map(
    ([, name = ""]) => name,
  );
}

/** First and second cell of every table row whose first cell is one word of code. */
function findRows(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(/^\| `([^`]+)` \| ([^|]*) \|/gm)].map(
    ([, first = "", second = ""]) => [first, second.trim()] as const,
  );
}
