/** HTML: the article of a page as Markdown, without scripts, navigation and what a reader would not see. */
import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
// The build without a parser of its own: it is only ever given a parsed page.
import TurndownService from "turndown/lib/turndown.browser.es.js";
import { HEADINGS, markPage } from "./html-mark.ts";
import { createTableWriter, isOneColumn } from "./html-table.ts";
import { stripHidden, toTitle } from "./hidden-text.ts";
import type { IngestLimits } from "../limits.ts";
import { type FileReference, type LoadEvent, type Problem, toProblem } from "./load-event.ts";
import { toMarkdownDocument } from "./markdown.ts";
import { createTextLoader } from "./text-loader.ts";
import { toFileTitle } from "./titles.ts";

const UNSEEN =
  "head, script, style, noscript, template, iframe, object, embed, svg, canvas, [hidden], [aria-hidden='true'], input, select, textarea, button, dialog:not([open])";
const AROUND = "nav, footer, [role='navigation'], [role='contentinfo'], [role='search']";
const INVISIBLE =
  /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])/i;
/** Elements whose content is no markup, and what ends them. */
const RAW_ENDS: Readonly<Record<string, string>> = { script: "</script", style: "</style" };
/** Elements that may stay open, or have no content. */
const UNCOUNTED =
  /^(p|li|d[td]|t[rhd]|thead|tbody|tfoot|colgroup|option|optgroup|r[tp]|area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|path|circle|rect|line|use|g)$/i;
const LEVEL = "data-level";
/** Where a page says its encoding; the standard asks for the first 1,024 bytes, and not all keep to it. */
const DECLARED_WITHIN_BYTES = 8_192;
/** An article that holds less than this share of the page's text has lost part of it. */
const ARTICLE_SHARE_MIN = 0.4;
/** How pages mark their content. Articles further in may be teasers of others, unless they are nearly all there is. */
const MARKED = [
  { marks: "main, [role='main'], body > article", share: ARTICLE_SHARE_MIN },
  { marks: "article", share: 0.7 },
] as const;

export const loadHtml = createTextLoader(readHtml, { findEncoding });

/** What the page says of its own encoding, in a `meta` or in the declaration of XML. */
function findEncoding(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, DECLARED_WITHIN_BYTES));
  const [, declared] =
    /<meta\s[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head) ??
    /^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)/i.exec(head) ??
    [];
  return declared;
}

function readHtml(html: string, file: FileReference, limits: IngestLimits): readonly LoadEvent[] {
  const { problem, title, markdown } = toMarkdown(html, file, limits, findContent);
  if (problem !== undefined) return [problem];
  if (markdown === "") {
    const advice = "a page that is drawn by scripts has to be saved as it is shown";
    return [toProblem(file.id, "no-text", `holds no text that can be seen; ${advice}`)];
  }
  const loaded = toMarkdownDocument(markdown, file, limits);
  const named = title === "" ? toFileTitle(file.id) : title;
  return [{ type: "document", document: { ...loaded, title: named, metadata: {} } }];
}

export type ConvertedHtml =
  | { readonly title: string; readonly markdown: string; readonly problem?: never }
  | { readonly problem: Problem; readonly title?: never; readonly markdown?: never };

/** All of a page, or what `find` chooses of it, as Markdown without what is not seen. The title is the page's own, or empty. */
export function toMarkdown(
  html: string,
  file: FileReference,
  limits: IngestLimits,
  find: (document: Document) => Element = findBody,
): ConvertedHtml {
  if (isTooDeep(html, limits.htmlDepthMax)) {
    const text = `nests more than ${limits.htmlDepthMax} elements in each other; simplify it`;
    return { problem: toProblem(file.id, "too-deep", text) };
  }
  const { document } = parseHTML(toPage(html));
  const [title = ""] = ["title", "h1"]
    .map((name) => toTitle(document.querySelector(name)?.textContent ?? "", limits.titleCharsMax))
    .filter((line) => line !== "");
  clean(document);
  const content = find(document) as unknown as HTMLElement;
  return { title, markdown: stripHidden(createConverter().turndown(content)).trim() };
}

function findBody(document: Document): Element {
  return document.querySelector("body") ?? document.documentElement;
}

/** Counts open elements before anything is parsed; those that may stay open or never close do not count. */
function isTooDeep(html: string, depthMax: number): boolean {
  const tag = /<(?:!--|(\/?)([a-z][a-z0-9]*))/gi;
  let depth = 0;
  for (let match = tag.exec(html); match !== null; match = tag.exec(html)) {
    const [, slash, name] = match;
    const end = name === undefined ? "-->" : RAW_ENDS[name.toLowerCase()];
    if (end !== undefined && slash !== "/") {
      const at = html.indexOf(end, tag.lastIndex);
      if (at === -1) return false; // the rest is no markup
      tag.lastIndex = at;
    } else if (name !== undefined && !UNCOUNTED.test(name)) {
      depth = slash === "/" ? Math.max(0, depth - 1) : depth + 1;
      if (depth > depthMax) return true;
    }
  }
  return false;
}

/** A whole page out of a fragment: the parser adds no html or body of its own. */
function toPage(html: string): string {
  if (/<html[\s>]/i.test(html)) return html;
  return /<body[\s>]/i.test(html) ? `<html>${html}</html>` : `<html><body>${html}</body></html>`;
}

/** Takes away what is not content, or not seen. */
function clean(document: Document): void {
  for (const node of document.querySelectorAll(UNSEEN)) node.remove();
  for (const node of document.querySelectorAll("body [style]")) {
    if (INVISIBLE.test(node.getAttribute("style") ?? "")) node.remove();
  }
  for (const node of document.querySelectorAll(AROUND)) node.remove();
  markPage(document);
  // Readability turns every h1 into an h2; the level it had is written beside it.
  for (const node of document.querySelectorAll(HEADINGS))
    node.setAttribute(LEVEL, node.tagName.slice(1));
}

/** The main parts as the page marks them, else as Readability finds one, else all of it. */
function findContent(document: Document): Element {
  const body = findBody(document);
  if (body === document.documentElement) return body;
  const whole = measure(body);
  for (const { marks, share } of MARKED) {
    const parts = findOuter(document, marks);
    const held = parts.reduce((sum, part) => sum + measure(part), 0);
    if (parts.length === 0 || held < whole * share) continue;
    const all = document.createElement("div");
    for (const part of parts) all.append(part.cloneNode(true));
    return all;
  }
  const copy = document.cloneNode(true) as Document;
  const article = new Readability<Element>(copy, { serializer: (node) => node as Element }).parse();
  const content = article?.content;
  if (content === null || content === undefined) return body;
  return measure(content) >= whole * ARTICLE_SHARE_MIN ? content : body;
}

/** All that is marked so, in its order, none within another. */
function findOuter(document: Document, marks: string): readonly Element[] {
  const parts = [...document.querySelectorAll(marks)];
  return parts.filter((part) => part.parentElement?.closest(marks) === null);
}

function measure(element: Element): number {
  return (element.textContent ?? "").replace(/\s+/g, " ").length;
}

function createConverter(): TurndownService {
  const toTable = createTableWriter();
  const converter = new TurndownService({
    headingStyle: "atx",
    codeBlockStyle: "fenced",
    bulletListMarker: "-",
    hr: "* * *",
  });
  // Backslashes inside words break search and quotes: only what would open a block is escaped.
  converter.escape = (text) => text.replace(/^(\s*)(#{1,6}\s|```|~~~)/gm, "$1\\$2");
  converter.remove(["video", "audio"] as never);
  // What a picture is in words, without its address, which may hold all of its bytes.
  converter.addRule("picture", {
    filter: "img",
    replacement: (_, node) => ((node as Element).getAttribute("alt") ?? "").trim(),
  });
  converter.addRule("heading", {
    filter: ["h1", "h2", "h3", "h4", "h5", "h6"],
    replacement: (content, node) => {
      const level = Number((node as Element).getAttribute(LEVEL) ?? node.nodeName.slice(1));
      const title = content.replace(/\s+/g, " ").trim();
      return title === "" ? "" : `\n\n${"#".repeat(level)} ${title}\n\n`;
    },
  });
  converter.addRule("link", {
    filter: "a",
    replacement: (content, node) => {
      const href = (node as Element).getAttribute("href") ?? "";
      const text = content.trim();
      return /^https?:\/\//i.test(href) && text !== "" && text !== href
        ? `[${content}](${href})`
        : content;
    },
  });
  converter.addRule("title of a part", {
    filter: ["summary", "legend"],
    replacement: (content) => `\n\n${content.trim()}\n\n`,
  });
  converter.addRule("table", {
    filter: "table",
    replacement: (content, node) => {
      const table = node as Element;
      const isLayout = table.querySelector("table") !== null || isOneColumn(table);
      return `\n\n${isLayout ? content : toTable(table)}\n\n`;
    },
  });
  return converter;
}
