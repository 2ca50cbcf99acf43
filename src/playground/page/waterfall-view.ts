/** The timeline as a waterfall: what ran at the same time, and the path that decided how long the run took. */
import { find, make, toDuration } from "./dom.ts";
import type { Span, View } from "./fold.ts";
import { toExtentMs, toLevels, toPeak, toSearchMs, toTicks } from "./lanes.ts";

/** In pixels: below it there is room for few ticks. */
const NARROW = 640;
const SVG = "http://www.w3.org/2000/svg";

/** Creates the function that draws the timeline of a view. */
export function createWaterfallView(): (view: View) => void {
  const zoom = find("zoom", HTMLButtonElement);
  let drawn: readonly Span[] = [];
  zoom.addEventListener("click", () => {
    const isZoomed = zoom.getAttribute("aria-pressed") !== "true";
    zoom.setAttribute("aria-pressed", `${isZoomed}`);
    draw(drawn, isZoomed);
  });
  return ({ spans }) => {
    if (spans === drawn) return;
    drawn = spans;
    draw(spans, zoom.getAttribute("aria-pressed") === "true");
  };
}

function draw(spans: readonly Span[], isZoomed: boolean): void {
  const extentMs = isZoomed ? toSearchMs(spans) : toExtentMs(spans);
  const sorted = spans.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const ticks = spans.length === 0 ? [] : toTicks(extentMs, innerWidth < NARROW ? 2 : 6);
  const path = sorted.some(({ critical }) => critical) ? [createPath(sorted, extentMs)] : [];
  const levels = toLevels(spans);
  const peak = toPeak(levels);
  find("axis", HTMLElement).replaceChildren(...ticks.map((atMs) => createTick(atMs, extentMs)));
  find("timeline", HTMLOListElement).replaceChildren(
    ...sorted.map((span) => createLane(span, extentMs)),
    ...path,
  );
  find("levels", HTMLElement).replaceChildren(
    ...levels.map(({ fromMs, toMs, running }) => {
      const bar = make("i");
      place(bar, fromMs, toMs, extentMs);
      bar.style.height = `${(100 * running) / peak}%`;
      return bar;
    }),
  );
  const note = spans.length === 0 ? "" : `up to ${peak} at the same time`;
  find("timeline-note", HTMLElement).textContent = note;
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
