/** Rewrites the table of settings in the guide from the settings themselves: `node scripts/render-settings.ts`. */
import { readFile, writeFile } from "node:fs/promises";
import { describeSettings } from "../src/config.ts";

const PAGE = new URL("../data/guide/configuration.md", import.meta.url);
const BEGIN = "<!-- settings:begin -->";
const END = "<!-- settings:end -->";

/** The page with its table brought up to date. Throws when the markers are missing. */
export function renderSettings(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`the page needs ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${toTable()}\n${page.slice(end)}`;
}

function toTable(): string {
  const rows = describeSettings().map(
    ({ variable, default: value, meaning }) =>
      `| \`${variable}\` | ${value === "unset" ? "unset" : `\`${value}\``} | ${meaning} |`,
  );
  return ["| Variable | Default | Meaning |", "|---|---|---|", ...rows].join("\n");
}

if (import.meta.main) {
  const page = await readFile(PAGE, "utf8");
  const rendered = renderSettings(page);
  await writeFile(PAGE, rendered);
  console.log(rendered === page ? "the table was current" : "the table was rewritten");
}
