/** Says in words what a page only shows, and takes away what it only does. */
import { isPower } from "./raised-number.ts";

/** Numbers beside the lines of code. */
const LINE_NUMBERS = ".linenos, .lineno, .rouge-gutter, td.gutter";
/** How generators of documentation mark the link from a heading to itself, and from a note back to its text. */
const OWN_LINKS = "a[href^='#']";
const PERMALINK = /^(?:[\s\u200B¶#§🔗⚓↩⤴]|[\uFE0E\uFE0F])*$/u;
export const HEADINGS = "h1, h2, h3, h4, h5, h6";
/** The mark in a text that a note belongs to. */
const NOTE_MARK = /^\s*\[?[\p{L}\d*†‡]{1,3}\]?\s*$/u;
/** What frames code, by its classes: other text is set as it was typed, too. */
const CODE_CLASS = /code|highlight|hljs|prism|shiki|lang(?:uage)?-|syntax|brush|listing|screen/i;
const LANGUAGE = /\blang(?:uage)?-([\w+#-]+)/;
/** Elements that are a line of code each. */
const LINE = /^(?:div|li|p|tr)$/i;

/** What sets a note, a warning or an example apart, by the classes that generators give it. */
const ASIDE =
  "note warning tip caution important danger attention hint admonition admonitionblock callout alert"
    .split(" ")
    .map((name) => `div.${name}`)
    .join(", ");
/** Links to the parts of a page, above it. */
const CONTENTS = ".toc, #toc, .toctree-wrapper, .contents.topic, .contents.local";

/** Changes the page in place. */
export function markPage(document: Document): void {
  dropContents(document);
  for (const aside of document.querySelectorAll(ASIDE)) markAside(aside);
  for (const node of document.querySelectorAll(LINE_NUMBERS)) node.remove();
  for (const link of document.querySelectorAll(OWN_LINKS)) {
    const text = link.textContent ?? "";
    const isEmpty = text.trim() === "" && link.closest(HEADINGS) === null;
    if (PERMALINK.test(text) && !isEmpty) link.remove();
  }
  for (const raised of document.querySelectorAll("sup")) markRaised(raised);
  for (const block of document.querySelectorAll("pre")) markCode(block);
}

/** A table of contents is no text, unless the page is little else. */
function dropContents(document: Document): void {
  const lists = [...document.querySelectorAll(CONTENTS)];
  const listed = lists.reduce((sum, { textContent }) => sum + (textContent ?? "").length, 0);
  const main = lists[0]?.closest("main, [role='main'], article");
  const page = main ?? document.querySelector("body") ?? document.documentElement;
  const whole = page?.textContent ?? "";
  if (listed > whole.length / 2) return;
  for (const list of lists) list.remove();
}

/** The title of a note is no heading: what comes after the note would stand under it. A table that frames it goes. */
function markAside(aside: Element): void {
  const make = (name: string): Element => aside.ownerDocument.createElement(name);
  for (const heading of aside.querySelectorAll(HEADINGS)) {
    const title = make("p");
    title.append(...heading.childNodes);
    heading.replaceWith(title);
  }
  for (const picture of aside.querySelectorAll("img")) picture.remove();
  const frame = [...aside.children].find(({ tagName }) => /^table$/i.test(tagName));
  if (frame === undefined) return;
  const parts = [...frame.querySelectorAll("td, th")].map((cell) => {
    const part = make("div");
    part.append(...cell.childNodes);
    return part;
  });
  frame.replaceWith(...parts);
}

/** 10<sup>6</sup> is not 106, nor 2024<sup>3</sup> with a note the year 20243. A link to a note is no text. */
function markRaised(raised: Element): void {
  const text = raised.textContent ?? "";
  const around = raised.closest("a");
  const link = around ?? raised.querySelector("a");
  const isToNote = link?.getAttribute("href")?.includes("#") === true && NOTE_MARK.test(text);
  if (isToNote && link.textContent?.trim() === text.trim()) return (around ?? raised).remove();
  if (isPower(text, raised.previousSibling?.textContent ?? "")) raised.prepend("^");
}

/** Code as the converter knows it: an element `code` of plain lines, however a page colours and breaks them. */
function markCode(block: Element): void {
  const inner = block.querySelector("code");
  const frames = [inner, block, block.parentElement, block.parentElement?.parentElement];
  const names = frames.map((frame) => frame?.getAttribute("class") ?? "").join(" ");
  if (inner === null && !CODE_CLASS.test(names)) return;
  const code = block.ownerDocument.createElement("code");
  code.textContent = toLines(block);
  const [, language] = LANGUAGE.exec(names) ?? [];
  if (language !== undefined) code.setAttribute("class", `language-${language}`);
  block.replaceChildren(code);
}

function toLines(node: Node): string {
  if (node.nodeType === node.TEXT_NODE) return node.nodeValue ?? "";
  if (/^br$/i.test(node.nodeName)) return "\n";
  const text = [...node.childNodes].map(toLines).join("");
  return LINE.test(node.nodeName) && !text.endsWith("\n") ? `${text}\n` : text;
}
