/** How the run stands, in one line that is also read aloud, and a refusal in full. */
import type { Grounding, RunEnd } from "../../domain/event.ts";
import { countOf } from "../../text/count-of.ts";
import { find, make, toDuration } from "./dom.ts";
import { isCut, isOpen, type View } from "./fold.ts";
import type { Problem } from "./client.ts";
import { toExtentMs } from "./lanes.ts";
import { GROUNDING, OUTCOME, UNCERTAIN, type Tone, toLoss, VERDICT } from "./words.ts";

interface Status {
  readonly tone: Tone;
  readonly name: string;
  readonly what: string;
  /** By whom, and how long it took. */
  readonly how?: string;
}

/** Creates the function that shows how the run of a view stands; `onAgain` asks the question again. */
export function createStatusView(onAgain: () => void): (view: View) => void {
  const line = find("status", HTMLParagraphElement);
  const notes = find("notes", HTMLDivElement);
  const problem = find("problem", HTMLDivElement);
  let said = "";
  let refusal: Problem | undefined;
  return (view) => {
    const { tone, name, what, how = "" } = toStatus(view);
    const key = `${name} ${what} ${how}`;
    // Said anew only when it is new: it is read aloud.
    if (key !== said) {
      said = key;
      line.replaceChildren(
        make("b", { className: `badge ${tone}` }, name),
        make("span", {}, what),
        make("span", { className: "how" }, how),
      );
    }
    notes.replaceChildren(...(isOpen(view) ? [] : toNotes(view)));
    if (view.problem === refusal) return;
    refusal = view.problem;
    problem.hidden = refusal === undefined;
    problem.replaceChildren(...(refusal === undefined ? [] : toProblemCard(refusal, onAgain)));
  };
}

const LOST = "The connection is lost; the answer goes on when it is back …";

/** How a run stands, in words. */
export function toStatus(view: View): Status {
  const { phase, end } = view;
  if (phase === "ended" && end !== undefined) {
    const isDone = end.outcome === "finished" || end.outcome === "exhausted";
    const [tone, name, what] = isDone ? toJudgement(end) : OUTCOME[end.outcome];
    const took = toDuration(toExtentMs(end.timeline));
    return { tone, name, what: end.error?.detail ?? what, how: `${end.answerer} · ${took}` };
  }
  if (phase === "stopped")
    return { tone: "fair", name: "Stopped", what: "What is here is not complete." };
  if (phase === "broken") {
    const what = "The stream broke off before its end: this answer is not complete.";
    return { tone: "bad", name: "Broken off", what };
  }
  if (phase === "refused") return { tone: "bad", name: "Refused", what: "" };
  if (phase === "unreachable") {
    return { tone: "bad", name: "Unreachable", what: "The service cannot be reached." };
  }
  const what = view.isLost === true ? LOST : view.doing;
  return { tone: "plain", name: phase === "writing" ? "Writing" : "Working", what };
}

/** Sentences that stand in their sources and perhaps answer another question are no reason to be sure. */
function toJudgement({ grounding, degraded }: RunEnd): (typeof GROUNDING)[Grounding] {
  return grounding === "grounded" && degraded.includes("uncertain")
    ? UNCERTAIN
    : GROUNDING[grounding];
}

/** Below the answer: how its sentences were judged, and what it was made without. */
function toNotes(view: View): readonly HTMLElement[] {
  const { answer, checks, degraded, end } = view;
  const counts = (["supported", "weak", "unsupported"] as const).flatMap((verdict) => {
    const count = checks.filter((check) => check.verdict === verdict).length;
    if (count === 0) return [];
    return [
      make(
        "span",
        { className: `count ${verdict}`, title: VERDICT[verdict][2] },
        `${count} ${verdict}`,
      ),
    ];
  });
  const checked = make(
    "p",
    { id: "checks" },
    `${countOf(checks.length, "sentence")} checked: `,
    ...counts,
  );
  const lost = degraded.map((code) =>
    make("p", { className: "loss" }, make("code", {}, code), ` ${toLoss(code)}`),
  );
  const exhausted =
    end?.outcome === "exhausted" ? [make("p", { className: "loss" }, OUTCOME.exhausted[2])] : [];
  // A run that was stopped or broke off says so in its line.
  const cut =
    end !== undefined && isCut(view) && answer !== ""
      ? [make("p", { className: "loss" }, "What is here is not complete.")]
      : [];
  return [...(checks.length === 0 ? [] : [checked]), ...cut, ...exhausted, ...lost];
}

function toProblemCard(problem: Problem, onAgain: () => void): readonly HTMLElement[] {
  const { status, title, detail, code, retryable, retryAfterMs } = problem;
  const seconds = Math.ceil((retryAfterMs ?? 0) / 1000);
  const wait = seconds === 0 ? "" : ` It asks to wait ${countOf(seconds, "second")}.`;
  const again = make("button", { type: "button", className: "again" }, "Ask again");
  again.addEventListener("click", onAgain);
  return [
    make("h3", {}, title),
    make("p", {}, `${detail ?? ""}${wait}`),
    make(
      "p",
      { className: "code" },
      make("code", {}, code === undefined ? `${status}` : `${status} ${code}`),
    ),
    ...(retryable === true ? [again] : []),
  ];
}
