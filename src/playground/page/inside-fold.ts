/** At a desk the part that shows how the run went can be folded up, for more of the answer. The choice is kept. */
import { find } from "./dom.ts";
import { keep, readKept } from "./kept.ts";

const INSIDE_NAME = "tributary.inside";
/** On a lower screen it would leave the answer a few lines. */
const ROOMY = "(min-height: 50rem)";

/** Connects the button of the part. */
export function connectInsideFold(): void {
  const run = find("run", HTMLDivElement);
  const button = find("inside-fold", HTMLButtonElement);
  const put = (choice: string): void => {
    run.dataset["inside"] = choice;
    button.setAttribute("aria-expanded", `${choice === "open"}`);
  };
  button.addEventListener("click", () => {
    const choice = run.dataset["inside"] === "open" ? "folded" : "open";
    put(choice);
    keep(() => localStorage, INSIDE_NAME, choice);
  });
  const kept = readKept(() => localStorage, INSIDE_NAME);
  put(kept ?? (matchMedia(ROOMY).matches ? "open" : "folded"));
}
