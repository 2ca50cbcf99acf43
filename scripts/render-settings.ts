/** Rewrites the tables of settings in the guide from the settings themselves: `node scripts/render-settings.ts`. */
import { readFile, writeFile } from "node:fs/promises";
import { describeSettings, type SettingDoc } from "../src/config.ts";
import { readCommandLine } from "./command-line.ts";

const PAGE = new URL("../data/guide/configuration.md", import.meta.url);
const BEGIN = "<!-- settings:begin -->";
const END = "<!-- settings:end -->";

/** The page with its tables brought up to date. Throws when the markers are missing. */
export function renderSettings(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`the page needs ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${toTables()}\n${page.slice(end)}`;
}

/** A heading and a table for each subject. */
function toTables(): string {
  const bySubject = Map.groupBy(describeSettings(), ({ subject }) => subject);
  return [...bySubject].map(([subject, settings]) => toTable(subject, settings)).join("\n");
}

function toTable(subject: string, settings: readonly SettingDoc[]): string {
  const rows = settings.map(
    ({ variable, default: value, meaning }) =>
      `| \`${variable}\` | ${value === "unset" ? "unset" : `\`${value}\``} | ${meaning} |`,
  );
  return [`\n### ${subject}\n`, "| Variable | Default | Meaning |", "|---|---|---|", ...rows].join(
    "\n",
  );
}

if (import.meta.main) {
  readCommandLine("node scripts/render-settings.ts", {});
  const page = await readFile(PAGE, "utf8");
  const rendered = renderSettings(page);
  await writeFile(PAGE, rendered);
  console.log(rendered === page ? "the tables were current" : "the tables were rewritten");
}
