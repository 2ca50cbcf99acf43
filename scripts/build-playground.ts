/** Puts the playground's files and the libraries it uses into one module: `node scripts/build-playground.ts`. */
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const FOLDER = new URL("../src/playground/", import.meta.url);
const MODULE = new URL("assets.ts", FOLDER);
const require = createRequire(import.meta.url);

/** Each with its licence at its head, as their makers publish them. */
const VENDORS = [
  join(require.resolve("marked"), "..", "marked.umd.js"),
  join(require.resolve("dompurify"), "..", "purify.min.js"),
];

/** The module as the files stand now. */
export async function buildPlayground(): Promise<string> {
  const [page, style, script] = await Promise.all(
    ["page.html", "style.css", "script.js"].map((name) => readFile(new URL(name, FOLDER), "utf8")),
  );
  const vendors = await Promise.all(VENDORS.map((path) => readFile(path, "utf8")));
  const vendor = vendors
    .map((text) => text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"))
    .join("\n");
  return [
    "/** The playground's files as text, so that every runtime can serve them. Made by scripts/build-playground.ts. */",
    ...Object.entries({ page, style, script, vendor }).map(
      ([name, text]) => `export const ${name} =\n  ${JSON.stringify(text)};`,
    ),
    "",
  ].join("\n");
}

if (import.meta.main) {
  await writeFile(MODULE, await buildPlayground());
  console.log("src/playground/assets.ts is written");
}
