/** What the run says about itself in numbers: every leg of the search, what it did without, and the facts of its end. */
import type { Leg } from "../../domain/event.ts";
import { find, make, toDuration } from "./dom.ts";
import type { View } from "./fold.ts";
import { toLoss } from "./words.ts";

/** Creates the function that draws ledger and facts of a view. */
export function createLedgerView(): (view: View) => void {
  const rows = find("ledger", HTMLTableSectionElement);
  const losses = find("degraded", HTMLUListElement);
  const facts = find("facts", HTMLDListElement);
  let drawn: View | undefined;
  return (view) => {
    const { ledger, degraded, end } = view;
    if (ledger === drawn?.ledger && degraded === drawn.degraded && end === drawn.end) return;
    drawn = view;
    rows.replaceChildren(...ledger.map((leg) => createRow(leg, end !== undefined)));
    losses.replaceChildren(
      ...degraded.map((code) => make("li", {}, make("code", {}, code), ` ${toLoss(code)}`)),
    );
    facts.replaceChildren(
      ...toFacts(view).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]),
    );
  };
}

/** What was kept of a leg is known at the end of the run: `isOver`. */
function createRow(leg: Leg, isOver: boolean): HTMLElement {
  const { collection, retriever, status, code, found, kept, startMs, endMs } = leg;
  const outcome = make("td", {}, make("span", { className: `leg ${status}` }, status));
  if (code !== undefined) outcome.append(" ", make("code", {}, code));
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, collection),
    make("td", { className: retriever }, retriever),
    outcome,
    make("td", { className: "number" }, found),
    make("td", { className: "number" }, isOver ? kept : ""),
    make("td", { className: "number" }, toDuration(endMs - startMs)),
  );
}

function toFacts({ end, firstTextMs, asked }: View): readonly (readonly [string, string])[] {
  if (end === undefined) return [];
  const { outcome, grounding, answerer, usage, versions, runId, truncated } = end;
  const tokens = `${usage.inputTokens} in, ${usage.outputTokens} out, ${usage.requests} requests`;
  return [
    ["Outcome", truncated === true ? `${outcome}, cut at the model's token limit` : outcome],
    ["Grounding", grounding],
    ["Mode", asked.mode],
    ["Answerer", answerer],
    ...(firstTextMs === undefined ? [] : [["First words", toDuration(firstTextMs)] as const]),
    ...(usage.requests === 0 ? [] : [["Tokens", tokens] as const]),
    [
      "Versions",
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    ["Run", runId],
  ];
}
