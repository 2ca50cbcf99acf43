/** HTML: the article of a page as Markdown, without scripts, navigation and what a reader would not see. */
import { parseHTML } from "linkedom";
// The build without a parser of its own: it is only ever given a parsed page.
import TurndownService from "turndown/lib/turndown.browser.es.js";
import { findBody, findContent } from "./html-article.ts";
import { ENTRY, markDefinitions } from "./html-definitions.ts";
import { HEADINGS, markPage } from "./html-mark.ts";
import { createTableWriter, isOneColumn } from "./html-table.ts";
import { stripHidden, toTitle } from "./hidden-text.ts";
import type { IngestLimits } from "../limits.ts";
import { type FileReference, type LoadEvent, type Problem, toProblem } from "./load-event.ts";
import { toMarkdownDocument } from "./markdown.ts";
import { escapeBlock } from "./markdown-blocks.ts";
import { createTextLoader } from "./text-loader.ts";
import { toFileTitle } from "./titles.ts";

const UNSEEN =
  "head, script, style, noscript, template, iframe, object, embed, svg, canvas, [hidden], [aria-hidden='true'], input, select, textarea, button, dialog:not([open])";
const AROUND =
  "nav, footer, [role='navigation'], [role='contentinfo'], [role='search'], .navheader, .navfooter, #footer";
const INVISIBLE =
  /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])/i;
/** Elements whose content is no markup, and what ends them. */
const RAW_ENDS: Readonly<Record<string, string>> = { script: "</script", style: "</style" };
/** Elements that may stay open, or have no content. */
const UNCOUNTED =
  /^(p|li|d[td]|t[rhd]|thead|tbody|tfoot|colgroup|option|optgroup|r[tp]|area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|path|circle|rect|line|use|g)$/i;
const LEVEL = "data-level";
/** What stands between the title of a page and the name of its site. */
const SITE = /^\s*(?:[|·•«:—–-]|::)\s/u;
/** Where a page says its encoding; the standard asks for the first 1,024 bytes, and not all keep to it. */
const DECLARED_WITHIN_BYTES = 8_192;
export const loadHtml = createTextLoader(readHtml, findEncoding);

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
  const title = findTitle(document, limits.titleCharsMax);
  clean(document);
  const content = find(document) as unknown as HTMLElement;
  return { title, markdown: stripHidden(createConverter().turndown(content)).trim() };
}

/** The page's own title; its heading where the title says that and goes on with the name of the site. */
function findTitle(document: Document, charsMax: number): string {
  const [title = "", heading = ""] = ["title", "h1"].map((name) =>
    toTitle(document.querySelector(name)?.textContent?.replace(/[¶#\s]+$/u, "") ?? "", charsMax),
  );
  const goesOn =
    heading !== "" && title.startsWith(heading) && SITE.test(title.slice(heading.length));
  return title === "" || goesOn ? heading : title;
}

/** Counts open elements before anything is parsed; those that may stay open or never close do not count. */
function isTooDeep(html: string, depthMax: number): boolean {
  const tag = /<(?:!--|(\/?)([a-z][a-z0-9]*))/gi;
  const closed = /[^<>]*\/>/y;
  let depth = 0;
  let inDrawing = false;
  for (let match = tag.exec(html); match !== null; match = tag.exec(html)) {
    const [, slash, name] = match;
    const end = name === undefined ? "-->" : RAW_ENDS[name.toLowerCase()];
    if (end !== undefined && slash !== "/") {
      const at = html.indexOf(end, tag.lastIndex);
      if (at === -1) return false; // the rest is no markup
      tag.lastIndex = at;
    } else if (name !== undefined && !UNCOUNTED.test(name)) {
      if (/^(?:svg|math)$/i.test(name)) inDrawing = slash !== "/";
      closed.lastIndex = tag.lastIndex;
      // Only there an element ends with `/>`.
      if (inDrawing && slash !== "/" && closed.test(html)) continue;
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
  markDefinitions(document);
  // Readability turns every h1 into an h2; the level it had is written beside it.
  for (const node of document.querySelectorAll(HEADINGS))
    node.setAttribute(LEVEL, node.tagName.slice(1));
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
  converter.escape = escapeBlock;
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
  converter.addRule("entry", {
    filter: (node) => node.hasAttribute(ENTRY),
    replacement: (content, node) => {
      const lines = content.trim().replace(/\n/g, "\n  ").replace(/^ +$/gm, "");
      return `- ${lines}${node.nextElementSibling === null ? "" : "\n"}`;
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
