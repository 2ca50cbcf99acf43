/** Making elements. Text only ever becomes text nodes: nothing on this page parses HTML. */

type Child = Node | string | number;

/** A new element with these properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<Omit<HTMLElementTagNameMap[K], "style" | "dataset">> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.map(toNode));
  return element;
}

function toNode(child: Child): Node | string {
  return typeof child === "number" ? `${child}` : child;
}

/** The element of the page with this id; it is a bug when there is none or another kind. */
export function find<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return element;
}

/** Text that a box around it stands for: only what is copied, or read aloud, has it. */
export function unseen(text: string): HTMLSpanElement {
  return make("span", { className: "unseen" }, text);
}

/** Milliseconds for people: `0.4 ms`, `118 ms`, `2.31 s`. */
export function toDuration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
