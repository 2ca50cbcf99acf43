/** The drawer of earlier runs: each can be looked at again, as it was. */
import { find, make } from "./dom.ts";
import type { View } from "./fold.ts";
import { dropRun, dropRuns, type KeptRun, listRuns } from "./runs-kept.ts";
import { GROUNDING, OUTCOME, type Tone } from "./words.ts";

/** Connects the drawer; `onOpen` is told which run to show again. */
export function connectHistory(onOpen: (run: KeptRun) => void): void {
  const drawer = find("history", HTMLDialogElement);
  const list = find("history-list", HTMLUListElement);
  const paint = (): void => {
    const runs = listRuns();
    list.replaceChildren(
      ...(runs.length === 0 ? [make("li", { className: "hint" }, "Nothing was asked yet.")] : []),
      ...runs.map((run) => createEntry(run)),
    );
    find("history-clear", HTMLButtonElement).hidden = runs.length === 0;
  };
  const createEntry = (run: KeptRun): HTMLElement => {
    const { question } = run.view.asked;
    const [tone, name] = toMark(run.view);
    const when = new Date(run.atMs).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const open = make(
      "button",
      { type: "button", className: "entry" },
      make("span", { className: "question" }, question),
      make(
        "span",
        { className: "when" },
        make("b", { className: `badge ${tone}` }, name),
        ` ${when}`,
      ),
    );
    open.addEventListener("click", () => {
      drawer.close();
      onOpen(run);
    });
    const drop = make("button", { type: "button", className: "icon", title: "Forget" }, "×");
    drop.setAttribute("aria-label", `Forget: ${question}`);
    drop.addEventListener("click", () => {
      dropRun(run.id);
      paint();
      find("history-close", HTMLButtonElement).focus();
    });
    return make("li", {}, open, drop);
  };
  find("history-open", HTMLButtonElement).addEventListener("click", () => {
    paint();
    drawer.showModal();
  });
  find("history-close", HTMLButtonElement).addEventListener("click", () => drawer.close());
  find("history-clear", HTMLButtonElement).addEventListener("click", () => {
    dropRuns();
    paint();
    find("history-close", HTMLButtonElement).focus();
  });
  drawer.addEventListener("click", ({ target }) => {
    if (target === drawer) drawer.close(); // beside the drawer
  });
}

function toMark({ phase, end }: View): readonly [Tone, string] {
  if (end === undefined) return ["fair", phase];
  const isDone = end.outcome === "finished" || end.outcome === "exhausted";
  const [tone, name] = isDone ? GROUNDING[end.grounding] : OUTCOME[end.outcome];
  return [tone, name];
}
