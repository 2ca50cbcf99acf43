/** The answer as it grows: rendered at most once a frame, and only the blocks that changed. */
import type { Citation } from "../../domain/event.ts";
import { cut, findCitation, type Part } from "./annotate.ts";
import { find, make } from "./dom.ts";
import type { View } from "./fold.ts";
import { type Block, toBlocks } from "./markdown.ts";
import { createCite, createVerdictMark } from "./marks.ts";
import { VERDICT } from "./words.ts";

export interface CitationClick {
  readonly label: number;
  /** Absent while the citation itself has not come yet. */
  readonly citation: Citation | undefined;
  readonly button: HTMLElement;
}

export interface AnswerView {
  /** Shows the answer of this view. */
  paint(view: View): void;
}

interface Painted {
  readonly key: string;
  readonly element: HTMLElement;
}

/** Creates the view; `onCitation` is told when one is opened. */
export function createAnswerView(onCitation: (click: CitationClick) => void): AnswerView {
  const box = find("answer", HTMLDivElement);
  const pane = find("answer-pane", HTMLElement);
  let painted: readonly Painted[] = [];
  const light = (citation: Citation | undefined): void => {
    for (const piece of box.querySelectorAll<HTMLElement>("[data-start]")) {
      const start = Number(piece.dataset["start"]);
      const isIn = citation !== undefined && start >= citation.start && start < citation.end;
      piece.classList.toggle("lit", isIn);
    }
  };
  return {
    paint(view) {
      const follows = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 48;
      const next = toBlocks(view.answer).map((block, index): Painted => {
        const key = toKey(view, block);
        const before = painted[index];
        if (before?.key === key) return before;
        const element = renderBlock(view, block, { light, onCitation });
        if (before === undefined) box.append(element);
        else before.element.replaceWith(element);
        return { key, element };
      });
      for (const { element } of painted.slice(next.length)) element.remove();
      painted = next;
      if (follows && view.phase === "writing") pane.scrollTop = pane.scrollHeight;
    },
  };
}

/** Changes when anything of the block looks different. */
function toKey({ answer, checks, citations, passages }: View, { start, end }: Block): string {
  const within = (one: { start: number; end: number }): boolean =>
    one.start < end && one.end > start;
  const verdicts = checks.filter(within).map((check) => `${check.start}${check.verdict}`);
  const cited = citations.filter(within).length;
  return JSON.stringify([start, answer.slice(start, end), verdicts, cited, passages.length]);
}

interface Handlers {
  readonly light: (citation: Citation | undefined) => void;
  readonly onCitation: (click: CitationClick) => void;
}

function renderBlock(view: View, block: Block, handlers: Handlers): HTMLElement {
  const told = new Set<number>();
  const labels = new Set(view.passages.map(({ label }) => label));
  return block.render((text, start) =>
    cut(text, start, view.checks, (label) => labels.has(label)).flatMap((part) => [
      part.type === "marker" ? createMarker(view, part, handlers) : createText(part),
      ...createVerdict(part, told),
    ]),
  );
}

function createText({ text, start, check }: Extract<Part, { type: "text" }>): HTMLElement {
  if (check === undefined) return make("span", {}, text);
  const [, , what] = VERDICT[check.verdict];
  const sentence = make("span", { className: `sentence ${check.verdict}`, title: what }, text);
  sentence.dataset["start"] = `${start}`;
  return sentence;
}

/** At the end of a sentence, in words: what is in doubt is never told by colour alone. */
function createVerdict({ end, check }: Part, told: Set<number>): readonly HTMLElement[] {
  if (check === undefined || check.verdict === "supported" || told.has(check.start)) return [];
  // The very end may hide behind a sign that is not shown, such as the stars of bold text.
  if (end < check.end - 2) return [];
  told.add(check.start);
  const [, name] = VERDICT[check.verdict];
  return [createVerdictMark(check.verdict, name)];
}

function createMarker(
  { passages, citations }: View,
  marker: Extract<Part, { type: "marker" }>,
  { light, onCitation }: Handlers,
): HTMLElement {
  const { label } = marker;
  const title = passages.find((one) => one.label === label)?.title ?? "";
  const citation = findCitation(citations, marker);
  const button = createCite(label, title, "");
  button.addEventListener("click", () => onCitation({ label, citation, button }));
  for (const on of ["mouseenter", "focus"]) button.addEventListener(on, () => light(citation));
  for (const off of ["mouseleave", "blur"]) button.addEventListener(off, () => light(undefined));
  return button;
}
