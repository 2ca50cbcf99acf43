/** The answer as a text for elsewhere: as it was written, its doubts in words, and below it the sources it cites. */
import { toPath } from "../../domain/chunk.ts";
import type { Passage } from "../../domain/event.ts";
import { find } from "./dom.ts";
import { isCut, isOpen, type View } from "./fold.ts";

const COPIED_MS = 2000;

/** Empty: there is nothing to copy. */
function toCopy(view: View): string {
  const { value, citations, passages } = view;
  const said = value === undefined ? withDoubts(view) : JSON.stringify(value.json, undefined, 2);
  if (said.trim() === "") return "";
  const cited = new Set(citations.map(({ label }) => label));
  const sources = passages.filter(({ label }) => cited.has(label)).map(toLine);
  return [
    said.trim(),
    ...(isCut(view) ? ["(not complete)"] : []),
    ...(sources.length === 0 ? [] : [`Sources\n${sources.join("\n")}`]),
  ].join("\n\n");
}

/** What is not supported is called so behind its sentence, as on the page. */
function withDoubts({ answer, checks }: View): string {
  const doubts = checks.filter(({ verdict }) => verdict !== "supported");
  return doubts
    .toSorted((a, b) => b.end - a.end)
    .reduce(
      (text, { end, verdict }) => `${text.slice(0, end)} (${verdict})${text.slice(end)}`,
      answer,
    );
}

function toLine({ label, title, location, collection, documentId }: Passage): string {
  const page = location.page === undefined ? "" : `, page ${location.page}`;
  return `[${label}] ${toPath(title, location.headings)} (${collection}: ${documentId}${page})`;
}

/** Creates the function that shows the button for a view. Where the page may write no clipboard, there is none. */
export function createCopyButton(): (view: View) => void {
  const button = find("copy", HTMLButtonElement);
  const clipboard = (navigator as Partial<Navigator>).clipboard; // pages without TLS have none
  let text = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const say = (what: string): void => {
    button.textContent = what;
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
  };
  button.addEventListener("click", () => {
    clipboard?.writeText(text).then(
      () => say("Copied"),
      () => say("Not allowed"),
    );
  });
  return (view) => {
    text = isOpen(view) ? "" : toCopy(view);
    button.hidden = text === "" || clipboard === undefined;
  };
}
