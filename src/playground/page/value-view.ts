/** The answer as a value: line by line, each leaf with how it is borne out and the sources it rests on. */
import type { LeafCheck } from "../../domain/event.ts";
import { layOut, type ValueLine } from "../../json/lay-out.ts";
import type { CitationClick } from "./answer-view.ts";
import { find, make } from "./dom.ts";
import { toCitation, type View } from "./fold.ts";
import { createCite, createVerdictMark } from "./marks.ts";

const LINES_MAX = 500;
const VERDICTS: Readonly<Record<LeafCheck["verdict"], string>> = {
  supported: "The cited passage holds it.",
  weak: "The cited passage holds it, but perhaps for another thing.",
  unsupported: "No passage holds it.",
  unchecked: "Nothing that a text can bear out word by word.",
};

/** Creates the function that shows the value of a view; `onCitation` is told when a source is opened. */
export function createValueView(onCitation: (click: CitationClick) => void): (view: View) => void {
  const box = find("value", HTMLDivElement);
  let painted: unknown;
  return ({ value, end, passages }) => {
    box.hidden = value === undefined;
    // The end brings the checks, and a new value each time.
    if (painted === value) return;
    painted = value;
    const checks = new Map((end?.outputChecks ?? []).map((check) => [check.pointer, check]));
    const titles = new Map(passages.map(({ label, title }) => [label, title]));
    const lines = value === undefined ? [] : layOut(value.json, LINES_MAX);
    box.replaceChildren(
      ...lines.map((line) => {
        const check = checks.get(line.leaf?.pointer ?? "?");
        const row = createLine(line, check);
        row.style.setProperty("--depth", `${line.depth}`);
        row.append(...createMarkers(check, titles, onCitation));
        return row;
      }),
    );
  };
}

function createLine({ before, leaf, after }: ValueLine, check: LeafCheck | undefined): HTMLElement {
  if (leaf === undefined) return make("div", {}, `${before}${after}`);
  const isChecked = check !== undefined && check.verdict !== "unchecked";
  const properties = isChecked
    ? { className: `sentence ${check.verdict}`, title: VERDICTS[check.verdict] }
    : {};
  return make("div", {}, before, make("span", properties, leaf.text), after);
}

/** A button for each passage, and in words what is in doubt. */
function createMarkers(
  check: LeafCheck | undefined,
  titles: ReadonlyMap<number, string>,
  onCitation: (click: CitationClick) => void,
): readonly HTMLElement[] {
  if (check === undefined) return [];
  const { verdict, citations } = check;
  const first = new Map(citations.toReversed().map((citation) => [citation.label, citation]));
  const buttons = [...first.values()].toReversed().map((citation) => {
    const { label } = citation;
    const title = titles.get(label) ?? "";
    const button = createCite(label, title, " ");
    button.addEventListener("click", () =>
      onCitation({ label, citation: toCitation(citation), button }),
    );
    return button;
  });
  if (verdict !== "weak" && verdict !== "unsupported") return buttons;
  return [...buttons, createVerdictMark(verdict, verdict)];
}
