/** Puts the playground's program, the libraries it uses, its font and the licences into data/page: `node scripts/build-playground.ts`. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { readCommandLine } from "./command-line.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = join(ROOT, "data/page");
const FONT = createRequire(import.meta.url).resolve(
  "@fontsource/newsreader/files/newsreader-latin-500-normal.woff2",
);

/** The files that are made, by name; the page, its style and its icon lie beside them as they are written. */
export async function buildPlayground(): Promise<ReadonlyMap<string, Buffer>> {
  const early = await bundle("early.ts");
  const script = await bundle("main.ts");
  return new Map([
    ["early.js", Buffer.from(early.text)],
    ["script.js", Buffer.from(script.text)],
    ["display.woff2", readFileSync(FONT)],
    ["licences.txt", Buffer.from(toLicences(script.inputs))],
  ]);
}

/** One program without types, and the files it was made of. */
async function bundle(name: string): Promise<{ text: string; inputs: Metafile["inputs"] }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join("src/playground/page", name)],
    bundle: true,
    write: false,
    metafile: true,
    format: "iife",
    // Not the variant that decodes entities by writing HTML.
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2023",
    charset: "utf8",
    minify: true,
    legalComments: "none",
    banner: { js: "/* Sources: src/playground/page. Libraries: /playground/licences.txt */" },
  });
  return { text: outputFiles[0]?.text ?? "", inputs: metafile.inputs };
}

/** The licences of the packages the program is made of, and of the font. */
function toLicences(inputs: Metafile["inputs"]): string {
  const folders = Object.keys(inputs)
    .flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
    .map((path) => join(ROOT, path));
  const packages = [...new Set([...folders, join(dirname(FONT), "..")])].map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name: string;
      version: string;
    };
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} comes without its licence`);
    return { head: `${name} ${version}`, text: readFileSync(join(folder, file), "utf8").trim() };
  });
  // One text for all packages that share it.
  const shared = Map.groupBy(packages, ({ text }) => text);
  return [...shared]
    .map(
      ([text, group]) =>
        `${group
          .map(({ head }) => head)
          .toSorted()
          .join("\n")}\n\n${text}\n`,
    )
    .toSorted()
    .join(`\n${"-".repeat(72)}\n\n`);
}

if (import.meta.main) {
  readCommandLine("node scripts/build-playground.ts", {});
  for (const [name, bytes] of await buildPlayground()) writeFileSync(join(FOLDER, name), bytes);
  console.log("data/page is written");
}
