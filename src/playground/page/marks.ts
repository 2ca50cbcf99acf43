/** What stands beside text and values alike: the way to a source, and how a check came out. */
import { make, unseen } from "./dom.ts";

/** The button of a citation; `before` is what stands between it and the text where that is copied. */
export function createCite(label: number, title: string, before: "" | " "): HTMLButtonElement {
  const button = make(
    "button",
    { type: "button", className: "cite", title },
    unseen(`${before}[`),
    label,
    unseen("]"),
  );
  button.setAttribute("aria-label", `Source ${label}: ${title}`);
  return button;
}

/** `name` is the verdict in words. */
export function createVerdictMark(verdict: string, name: string): HTMLElement {
  return make("span", { className: `verdict ${verdict}` }, unseen(" ("), name, unseen(")"));
}
