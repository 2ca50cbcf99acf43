/** The drawer of earlier runs: each can be looked at again, as it was. */
import { find, make } from "./dom.ts";
import { dropRun, dropRuns, type KeptRun, listRuns } from "./runs-kept.ts";
import { toStatus } from "./status-view.ts";

/** Connects the drawer; `onOpen` is told which run to show again. */
export function connectHistory(onOpen: (run: KeptRun) => void): void {
  const drawer = find("history", HTMLDialogElement);
  const list = find("history-list", HTMLUListElement);
  const clear = find("history-clear", HTMLButtonElement);
  const close = find("history-close", HTMLButtonElement);
  const paint = (): void => {
    const runs = listRuns();
    list.replaceChildren(
      ...(runs.length === 0 ? [make("li", { className: "hint" }, "Nothing was asked yet.")] : []),
      ...runs.map((run) => createEntry(run)),
    );
    clear.hidden = runs.length === 0;
  };
  const createEntry = (run: KeptRun): HTMLElement => {
    const { question } = run.view.asked;
    const { tone, name } = toStatus(run.view);
    const when = new Date(run.atMs).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const open = make(
      "button",
      { type: "button", className: "entry" },
      make("span", { className: "question", dir: "auto" }, question),
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
      close.focus();
    });
    return make("li", {}, open, drop);
  };
  find("history-open", HTMLButtonElement).addEventListener("click", () => {
    paint();
    drawer.showModal();
    close.focus();
  });
  close.addEventListener("click", () => drawer.close());
  clear.addEventListener("click", () => {
    dropRuns();
    paint();
    close.focus();
  });
  drawer.addEventListener("click", ({ target }) => {
    if (target === drawer) drawer.close(); // beside the drawer
  });
}
