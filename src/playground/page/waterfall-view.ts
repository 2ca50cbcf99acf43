/** The timeline as a waterfall: what ran at the same time, and the path that decided how long the run took. */
import { find, make, toDuration } from "./dom.ts";
import type { Span, View } from "./fold.ts";
import { toExtentMs, toLevels, toPeak, toTicks } from "./lanes.ts";

/** In pixels: below it there is room for few ticks. */
const NARROW = 640;
const SVG = "http://www.w3.org/2000/svg";

/** Creates the function that draws the timeline of a view. */
export function createWaterfallView(): (view: View) => void {
  const list = find("timeline", HTMLOListElement);
  const axis = find("axis", HTMLElement);
  const levels = find("levels", HTMLElement);
  const note = find("timeline-note", HTMLElement);
  let drawn: readonly Span[] | undefined;
  return ({ spans }) => {
    if (spans === drawn) return;
    drawn = spans;
    const extentMs = toExtentMs(spans);
    const sorted = spans.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
    const ticks = spans.length === 0 ? [] : toTicks(extentMs, innerWidth < NARROW ? 2 : 6);
    axis.replaceChildren(...ticks.map((atMs) => createTick(atMs, extentMs)));
    list.replaceChildren(...sorted.map((span) => createLane(span, extentMs)));
    if (sorted.some(({ critical }) => critical)) list.append(createPath(sorted, extentMs));
    const steps = toLevels(spans);
    const peak = toPeak(steps);
    levels.replaceChildren(
      ...steps.map(({ fromMs, toMs, running }) => {
        const bar = make("i");
        place(bar, fromMs, toMs, extentMs);
        bar.style.height = `${(100 * running) / Math.max(1, peak)}%`;
        return bar;
      }),
    );
    note.textContent = spans.length === 0 ? "" : `up to ${peak} at the same time`;
  };
}

function createTick(atMs: number, extentMs: number): HTMLElement {
  const tick = make("span", {}, toDuration(atMs).replace(/^0\.0 ms$/, "0"));
  tick.style.left = `${(100 * atMs) / extentMs}%`;
  return tick;
}

function createLane({ stage, startMs, endMs, critical }: Span, extentMs: number): HTMLElement {
  const bar = make("i", { className: "bar" });
  place(bar, startMs, endMs, extentMs);
  const took = toDuration(endMs - startMs);
  const path = critical ? ", on the critical path" : "";
  const lane = make(
    "li",
    {
      className: `${toKind(stage)}${critical ? " critical" : ""}`,
      title: `${stage}: ${took}${path}`,
    },
    make("span", { className: "name" }, toName(stage)),
    make("span", { className: "track" }, bar),
    make("span", { className: "took" }, took),
    make(
      "span",
      { className: "quiet" },
      `from ${toDuration(startMs)} to ${toDuration(endMs)}${path}`,
    ),
  );
  return lane;
}

function place(bar: HTMLElement, fromMs: number, toMs: number, extentMs: number): void {
  bar.style.left = `${(100 * fromMs) / extentMs}%`;
  bar.style.width = `${(100 * (toMs - fromMs)) / extentMs}%`;
}

/** A line from the end of each critical bar to the beginning of the next. */
function createPath(sorted: readonly Span[], extentMs: number): HTMLElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 1000 ${sorted.length * 10}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const corners = sorted.flatMap(({ critical, startMs, endMs }, row) => {
    const y = row * 10 + 5;
    return critical ? [`${toX(startMs)},${y}`, `${toX(endMs)},${y}`] : [];
  });
  const line = document.createElementNS(SVG, "polyline");
  line.setAttribute("points", corners.join(" "));
  svg.append(line);
  const item = make("li", { className: "path" }, svg);
  item.setAttribute("aria-hidden", "true");
  return item;

  function toX(ms: number): number {
    return Math.round((10_000 * ms) / extentMs) / 10;
  }
}

/** Which arm or part it belongs to: its colour. */
function toKind(stage: string): string {
  if (stage === "embed" || stage.endsWith("/vector")) return "vector";
  if (stage === "terms" || stage.endsWith("/keyword")) return "keyword";
  if (stage.startsWith("tool:") || stage.startsWith("subrun:")) return "tool";
  return stage.startsWith("answer") ? "answer" : "other";
}

/** `search:guide/vector` is `guide · vector`. */
function toName(stage: string): string {
  return stage
    .replace(/^search:/, "")
    .replace("/", " · ")
    .replace(/^(tool|subrun):/, "$1 ");
}
