/** Makes a list of entries of terms and what they mean: `term: meaning`, so that a meaning found alone says whose it is. */
import { HEADINGS } from "./html-mark.ts";

/** Marks the items of such a list for the converter. */
export const ENTRY = "data-entry";
/** What stands in a line of text; all else is a paragraph of its own. */
const BLOCK =
  /^(?:address|article|aside|blockquote|center|details|div|dl|fieldset|figure|form|h[1-6]|hr|li|ol|p|pre|section|table|ul)$/i;
/** Ends a term that is a sentence or a label already. */
const ENDED = /[.:?!]$/;

/** Changes the page in place. Lists that hold headings lay out a page, and stay as they are. */
export function markDefinitions(document: Document): void {
  for (const list of document.querySelectorAll("dl")) {
    if (list.querySelector(HEADINGS) === null) toEntries(list);
  }
}

/** Each entry of the list, or of the elements that group its entries. */
function toEntries(list: Element): void {
  const parts = [...list.children].flatMap((child) =>
    /^div$/i.test(child.tagName) ? [...child.children] : [child],
  );
  if (!parts.some(({ tagName }) => /^dt$/i.test(tagName))) return;
  if (parts.some(({ tagName }) => !/^(?:dt|dd)$/i.test(tagName))) return;
  const entries = list.ownerDocument.createElement("ul");
  let terms: Element[] = [];
  let item: Element | undefined;
  for (const part of parts) {
    if (/^dt$/i.test(part.tagName)) {
      if (item !== undefined) terms = [];
      item = undefined;
      terms.push(part);
    } else if (item === undefined) {
      item = toEntry(terms, part);
      entries.append(item);
    } else item.append(...part.childNodes);
  }
  if (item === undefined && terms.length > 0) entries.append(toEntry(terms, undefined));
  list.replaceWith(entries);
}

function toEntry(terms: readonly Element[], meaning: Element | undefined): Element {
  const { ownerDocument } = terms[0] ?? meaning ?? {};
  if (ownerDocument === undefined) throw new TypeError("an entry needs a term or a meaning");
  const [item, line] = [ownerDocument.createElement("li"), ownerDocument.createElement("p")];
  item.setAttribute(ENTRY, "");
  for (const [at, term] of terms.entries()) {
    for (const block of term.querySelectorAll("p, div")) block.replaceWith(...block.childNodes);
    trimEnd(term);
    line.append(...(at === 0 ? [] : [", "]), ...term.childNodes);
  }
  item.append(line);
  const rest = [...(meaning?.childNodes ?? [])];
  const opening = takeOpening(rest);
  const term = line.textContent ?? "";
  if (term.trim() !== "") line.append(meaning === undefined || ENDED.test(term) ? " " : ": ");
  line.append(...opening);
  item.append(...rest);
  return item;
}

/** Takes the blanks at the end of a term away, however deep they stand. */
function trimEnd(term: Element): void {
  let node: Node = term;
  while (node.lastChild !== null) {
    const last = node.lastChild;
    if ((last.textContent ?? "").trim() === "") last.remove();
    else if (last.nodeType !== last.TEXT_NODE) node = last;
    else {
      last.nodeValue = (last.nodeValue ?? "").trimEnd();
      return;
    }
  }
}

/** Takes what the first line of a meaning is made of away from `rest`: its first paragraph, or its text up to the first block. */
function takeOpening(rest: Node[]): readonly Node[] {
  while (rest[0] !== undefined && (rest[0].textContent ?? "").trim() === "" && rest.length > 1)
    rest.shift();
  const [first] = rest;
  if (first !== undefined && /^p$/i.test(first.nodeName)) {
    rest.shift();
    return [...first.childNodes];
  }
  const block = rest.findIndex(({ nodeName }) => BLOCK.test(nodeName));
  return rest.splice(0, block === -1 ? rest.length : block);
}
