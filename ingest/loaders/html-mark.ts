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

/** Changes the page in place. */
export function markPage(document: Document): void {
  for (const node of document.querySelectorAll(LINE_NUMBERS)) node.remove();
  for (const link of document.querySelectorAll(OWN_LINKS)) {
    const text = link.textContent ?? "";
    const isEmpty = text.trim() === "" && link.closest(HEADINGS) === null;
    if (PERMALINK.test(text) && !isEmpty) link.remove();
  }
  for (const raised of document.querySelectorAll("sup")) markRaised(raised);
  for (const block of document.querySelectorAll("pre")) markCode(block);
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
