/** Finds the part of a page that is its content. */
import { Readability } from "@mozilla/readability";
import { HEADINGS } from "./html-mark.ts";

/** An article that holds less than this share of the page's text has lost part of it. */
const ARTICLE_SHARE_MIN = 0.4;
/** What stands around an article and has more of its text in links than this share leads elsewhere. */
const LINK_SHARE_MAX = 0.5;
/** How pages call what stands around an article. */
const AROUND =
  /\b(?:ads?|advert\w*|banner|breadcrumbs?|comments?|cookies?|disqus|menu|nav\w*|newsletter|pager|pagination|promo|related|share|sidebar\w*|social|sponsor\w*|subscribe|widget)\b/i;
/** How pages mark their content. Articles further in may be teasers of others, unless they are nearly all there is. */
const MARKED = [
  { marks: "main, [role='main'], body > article", share: ARTICLE_SHARE_MIN },
  { marks: "article", share: 0.7 },
] as const;
/** Written on every element, so that what is left of a copy is known in the page. */
const NUMBER = "data-number";

/** The main parts as the page marks them, else as Readability finds one, else all of it. */
export function findContent(document: Document): Element {
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
  const article = readArticle(document);
  if (article === undefined || measure(article) < whole * ARTICLE_SHARE_MIN) return body;
  const headings = countHeadings(article);
  if (countHeadings(body) <= headings) return article;
  dropAround(document, article);
  return countHeadings(body) > headings ? body : article;
}

/** All of a page. */
export function findBody(document: Document): Element {
  return document.querySelector("body") ?? document.documentElement;
}

/** All that is marked so, in its order, none within another. */
function findOuter(document: Document, marks: string): readonly Element[] {
  const parts = [...document.querySelectorAll(marks)];
  return parts.filter((part) => part.parentElement?.closest(marks) === null);
}

function measure(element: Element): number {
  return (element.textContent ?? "").replace(/\s+/g, " ").length;
}

function readArticle(document: Document): Element | undefined {
  for (const [index, node] of document.querySelectorAll("body *").entries())
    node.setAttribute(NUMBER, String(index));
  const copy = document.cloneNode(true) as Document;
  const read = new Readability<Element>(copy, { serializer: (node) => node as Element }).parse();
  return read?.content ?? undefined;
}

/**
 * Takes away what stands beside the article and leads elsewhere. What is left has the article's own headings, which
 * Readability takes for decoration where DocBook and AsciiDoc made them, and the chapters beside its longest one.
 */
function dropAround(document: Document, article: Element): void {
  const kept = new Set([...article.querySelectorAll(`[${NUMBER}]`)].map(toNumber));
  const body = findBody(document);
  const holding = new Set<Element>();
  for (const element of body.querySelectorAll(`[${NUMBER}]`)) {
    if (!kept.has(toNumber(element))) continue;
    for (let around: Element | null = element; around !== null; around = around.parentElement) {
      if (holding.has(around)) break;
      holding.add(around);
    }
  }
  const visit = (parent: Element): void => {
    const children = [...parent.children];
    for (const child of children) {
      if (!holding.has(child)) {
        if (leadsElsewhere(child)) child.remove();
      } else if (!kept.has(toNumber(child))) visit(child);
    }
  };
  visit(body);
}

function toNumber(element: Element): string {
  return element.getAttribute(NUMBER) ?? "";
}

function leadsElsewhere(element: Element): boolean {
  if (AROUND.test(`${element.getAttribute("class") ?? ""} ${element.id}`)) return true;
  const links = [...element.querySelectorAll("a[href]")];
  const linked = links.reduce((sum, link) => sum + measure(link), 0);
  return linked > measure(element) * LINK_SHARE_MAX;
}

function countHeadings(element: Element): number {
  return element.querySelectorAll(HEADINGS).length;
}
