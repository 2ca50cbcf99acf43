/** Which format a file is read as, by its name. */

const EXTENSIONS = {
  markdown: ["md", "markdown", "mdx", "mkd"],
  rst: ["rst", "rest"],
  html: ["html", "htm", "xhtml"],
  pdf: ["pdf"],
  docx: ["docx", "docm", "dotx", "dotm"],
  pptx: ["pptx", "pptm", "ppsx", "ppsm", "potx"],
  xlsx: ["xlsx", "xlsm", "xltx"],
  odt: ["odt"],
  odp: ["odp"],
  ods: ["ods"],
  rtf: ["rtf"],
  epub: ["epub"],
  email: ["eml"],
  outlook: ["msg"],
  mailbox: ["mbox"],
  csv: ["csv", "tsv"],
  json: ["json"],
  jsonl: ["jsonl", "ndjson"],
  notebook: ["ipynb"],
  subtitles: ["srt", "vtt"],
  text: ["txt", "text", "log", "adoc", "asciidoc", "org", "tex"],
  code: [
    ..."ts tsx mts cts js jsx mjs cjs py pyi rb go rs java kt kts scala cs swift dart php".split(
      " ",
    ),
    ..."c h cc cpp cxx hpp m mm lua r jl ex exs erl hs clj ml fs pl pm sh bash zsh fish ps1".split(
      " ",
    ),
    ..."sql graphql proto css scss less vue svelte yaml yml toml ini cfg conf xml tf gradle zig".split(
      " ",
    ),
  ],
} as const;

export type Format = keyof typeof EXTENSIONS;

const FORMATS: ReadonlyMap<string, Format> = new Map(
  (Object.keys(EXTENSIONS) as Format[]).flatMap((format) =>
    EXTENSIONS[format].map((extension) => [extension, format] as const),
  ),
);
const TEXT_NAMES = /^(readme|license|licence|notice|changelog|authors|contributing|todo)$/i;
const CODE_NAMES = /^(makefile|dockerfile|justfile|rakefile|gemfile)$/i;

/** The format of a path by its extension or well-known name; undefined: we do not read it. */
export function findFormat(path: string): Format | undefined {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const dot = name.lastIndexOf(".");
  if (dot > 0) return FORMATS.get(name.slice(dot + 1).toLowerCase());
  if (TEXT_NAMES.test(name)) return "text";
  return CODE_NAMES.test(name) ? "code" : undefined;
}

/** For messages: what can be read. */
export const READABLE =
  "Markdown, HTML, PDF, DOCX, PPTX, XLSX, ODT, ODP, ODS, RTF, EPUB, EML, MSG, MBOX, CSV, TSV, JSON, JSONL, notebooks, SRT, VTT, reStructuredText, plain text and source code";
