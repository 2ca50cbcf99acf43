/** Puts the playground's files, its program and the libraries it uses into one module: `node scripts/build-playground.ts`. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = join(ROOT, "src/playground");
const MODULE = join(FOLDER, "assets.ts");
const FONT = createRequire(import.meta.url).resolve(
  "@fontsource/newsreader/files/newsreader-latin-500-normal.woff2",
);

interface Asset {
  readonly type: string;
  /** Of text: as it is. Of bytes: base64. */
  readonly text: string;
  readonly isBytes: boolean;
  /** Changes with the content. */
  readonly tag: string;
}

/** The module as the files stand now. */
export async function buildPlayground(): Promise<string> {
  const early = await bundle("early.ts");
  const script = await bundle("main.ts");
  const assets: Readonly<Record<string, Asset>> = {
    "/": toText("text/html; charset=utf-8", readText("page.html")),
    "/playground/style.css": toText("text/css; charset=utf-8", readText("style.css")),
    "/playground/early.js": toText("text/javascript; charset=utf-8", early.text),
    "/playground/script.js": toText("text/javascript; charset=utf-8", script.text),
    "/playground/icon.svg": toText("image/svg+xml", readText("icon.svg")),
    "/playground/display.woff2": toBytes("font/woff2", readFileSync(FONT)),
    "/playground/licences.txt": toText("text/plain; charset=utf-8", toLicences(script.inputs)),
  };
  return [
    "/** The playground's files, so that every runtime can serve them. Made by scripts/build-playground.ts. */",
    "export interface Asset {",
    "  readonly type: string;",
    "  /** Of text: as it is. Of bytes: base64. */",
    "  readonly text: string;",
    "  readonly isBytes: boolean;",
    "  /** Changes with the content. */",
    "  readonly tag: string;",
    "}",
    "",
    "/** By path. */",
    "export const ASSETS: Readonly<Record<string, Asset>> = {",
    ...Object.entries(assets).map(
      ([path, asset]) => `  ${JSON.stringify(path)}: ${JSON.stringify(asset)},`,
    ),
    "};",
    "",
  ].join("\n");
}

function readText(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}

function toText(type: string, text: string): Asset {
  return { type, text, isBytes: false, tag: toTag(text) };
}

function toBytes(type: string, bytes: Uint8Array): Asset {
  const text = Buffer.from(bytes).toString("base64");
  return { type, text, isBytes: true, tag: toTag(text) };
}

function toTag(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
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
  writeFileSync(MODULE, await buildPlayground());
  console.log("src/playground/assets.ts is written");
}
