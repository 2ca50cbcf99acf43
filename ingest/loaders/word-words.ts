/** Words of a Word file that the parser would lose or show wrongly, mended in the file. */
import { findSaid } from "./style-bases.ts";
import { toSign } from "./symbol-fonts.ts";
import { readTags } from "./xml-tags.ts";
import { openZip } from "./zip-parts.ts";
import { replacePart } from "./zip-replace.ts";

/** Parts of a Word file with text. */
const PARTS = ["document", "footnotes", "endnotes"].map((name) => `word/${name}.xml`);
const HYPHEN = /<w:noBreakHyphen\s*\/>/g;
const SIGN = /<w:sym\s([^<>]{0,200})\/>/g;
const RUBY_START = "<w:ruby>";
const RUBY_END = "</w:ruby>";
/** The words below the small ones that tell how they are read. */
const BASE_START = "<w:rubyBase>";
const BASE_END = "</w:rubyBase>";
const WORDS = /<w:t[ >][^<>]*>?[^<>]*<\/w:t>/g;
const RUN_START = /(?=<w:r[ >])/;
const RUN_END = "</w:r>";
const PARAGRAPH_START = /<w:p[ >]/g;
/** What a run or style was like before a change stands behind what it is like. */
const FORMER = /<w:(?:rPrChange|pPrChange)/;
const VANISH = /<w:vanish(?:\s+w:val="(\w+)")?\s*\/>/;
const NO = /^(?:0|false|off)$/;

/** Does a style, by its id, hide its words? */
type Hiding = ReadonlyMap<string, boolean | undefined>;

/** The file without what Word hides, and with what it writes as elements of their own written as words. */
export function withShownWords(bytes: Uint8Array): Uint8Array {
  const hiding = readHiding(openZip(bytes).read("word/styles.xml") ?? "");
  return PARTS.reduce((zip, name) => {
    const xml = openZip(zip).read(name) ?? "";
    const mended = withoutHidden(withRubyBase(xml), hiding)
      .replace(HYPHEN, "<w:t>-</w:t>")
      .replace(SIGN, toSignWords);
    return mended === xml ? zip : replacePart(zip, name, mended);
  }, bytes);
}

/** The styles that say it themselves, or are based on one that does. */
function readHiding(xml: string): Hiding {
  const said = new Map<string, boolean>();
  const bases = new Map<string, string>();
  let style = "";
  for (const { name, isClosing, attributes } of readTags(xml)) {
    if (isClosing) continue;
    const value = attributes.get("val") ?? "";
    if (name === "style") style = attributes.get("styleId") ?? "";
    else if (name === "basedOn") bases.set(style, value);
    else if (name === "vanish") said.set(style, !NO.test(value));
  }
  const ids = said.size === 0 ? [] : [...said.keys(), ...bases.keys()];
  return new Map(ids.map((id) => [id, findSaid(id, said, bases)]));
}

function withoutHidden(xml: string, hiding: Hiding): string {
  if (hiding.size === 0 && !VANISH.test(xml)) return xml;
  /** Of the paragraph that is open. */
  let style: string | undefined;
  return xml
    .split(RUN_START)
    .map((piece) => {
      const end = piece.startsWith("<w:r") ? piece.indexOf(RUN_END) : -1;
      // A run that holds others is kept.
      const isHidden = end !== -1 && hides(piece.slice(0, end), style, hiding);
      const rest = end === -1 ? piece : piece.slice(end + RUN_END.length);
      const start = [...rest.matchAll(PARAGRAPH_START)].at(-1)?.index;
      if (start !== undefined) style = findStyle(rest.slice(start), "pStyle");
      return isHidden ? rest : piece;
    })
    .join("");
}

/** What a run says itself counts most, then its own style, then that of its paragraph. */
function hides(run: string, style: string | undefined, hiding: Hiding): boolean {
  const [current = ""] = run.split(FORMER, 1);
  const said = VANISH.exec(current);
  if (said !== null) return !NO.test(said[1] ?? "");
  return hiding.get(findStyle(current, "rStyle") ?? "") ?? hiding.get(style ?? "") ?? false;
}

function findStyle(xml: string, kind: "pStyle" | "rStyle"): string | undefined {
  const [current = ""] = xml.split(FORMER, 1);
  return new RegExp(`<w:${kind}\\s+w:val="([^"<>]*)"`).exec(current)?.[1];
}

function withRubyBase(xml: string): string {
  const [before = "", ...rubies] = xml.split(RUBY_START);
  const mended = rubies.map((piece) => {
    const end = piece.indexOf(RUBY_END);
    if (end === -1) return RUBY_START + piece;
    const ruby = piece.slice(0, end);
    const start = ruby.indexOf(BASE_START);
    const base = start === -1 ? "" : ruby.slice(start, Math.max(start, ruby.lastIndexOf(BASE_END)));
    return (base.match(WORDS) ?? []).join("") + piece.slice(end + RUBY_END.length);
  });
  return [before, ...mended].join("");
}

function toSignWords(_: string, attributes: string): string {
  const read = (name: string): string =>
    new RegExp(`\\bw:${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  const sign = toSign(read("font"), read("char"));
  return sign === "" ? "" : `<w:t>${sign.replace(/[<>&]/, " ")}</w:t>`;
}
