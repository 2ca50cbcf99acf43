/** The collections that can be asked, each a chip that is on or off. */
import { countOf } from "../../text/count-of.ts";
import type { CollectionChoice } from "./client.ts";
import { find, make } from "./dom.ts";

export interface Chips {
  /** What there is now. What is off stays off, also where it could not be read or looked up meanwhile; what is new is on. */
  show(found: readonly CollectionChoice[]): void;
  /** Says in their place why there are none. */
  say(text: string): void;
  /** Makes the choice of an earlier question; where nothing is shown yet, as soon as it is. Empty: all. */
  choose(collections: readonly string[]): void;
  /** Those that are on. Empty: all. A question to none cannot be put: it goes to all, and they show it. */
  read(): readonly string[];
  /** Whether any is shown. */
  isLoaded(): boolean;
}

/** Creates the chips. */
export function createChips(): Chips {
  const place = find("chips", HTMLDivElement);
  const boxes = (): HTMLInputElement[] => [...place.querySelectorAll("input")];
  const ready = (): HTMLInputElement[] => boxes().filter(({ disabled }) => !disabled);
  const off = new Set<string>();
  /** Chosen, and not held against what there is yet. Empty: all. */
  let chosen: readonly string[] = [];
  let shown = "";
  const settle = (): void => {
    const all = boxes();
    if (all.length === 0) return;
    for (const { value } of all) {
      if (chosen.length > 0 && !chosen.includes(value)) off.add(value);
    }
    chosen = [];
    for (const box of ready()) box.checked = !off.has(box.value);
  };
  place.addEventListener("change", () => {
    for (const { value, checked } of ready()) {
      if (checked) off.delete(value);
      else off.add(value);
    }
  });
  const say = (text: string): void => {
    shown = "";
    place.replaceChildren(make("span", { className: "hint" }, text));
  };
  const choose = (collections: readonly string[]): void => {
    off.clear();
    chosen = collections;
    settle();
  };
  return {
    show(found) {
      const key = JSON.stringify(found);
      if (key !== shown) place.replaceChildren(...found.map(createChip));
      shown = key;
      settle();
      if (found.length === 0) say("none yet: pnpm ingest ./my-docs --collection mydocs");
    },
    say,
    choose,
    read() {
      if (boxes().length === 0) return chosen;
      if (ready().every(({ checked }) => !checked)) choose([]);
      const on = ready().filter(({ checked }) => checked);
      return on.length === ready().length ? [] : on.map(({ value }) => value);
    },
    isLoaded: () => boxes().length > 0,
  };
}

function createChip(collection: CollectionChoice): HTMLElement {
  const { name: value } = collection;
  const isReady = collection.status === "ready";
  const title = isReady
    ? `${countOf(collection.documents, "document")}, ${countOf(collection.chunks, "chunk")}`
    : "cannot be read now";
  const box = make("input", { type: "checkbox", value, disabled: !isReady });
  return make("label", { className: "chip", title }, box, make("span", {}, value));
}
