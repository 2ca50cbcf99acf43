/** What a question is put with: the mode, the collections, and a key where the service asks for one. */
import { MODES, type Mode } from "../../domain/ask.ts";
import { countOf } from "../../text/count-of.ts";
import { type CollectionChoice, KEY_NAME, listCollections, listModes, Refusal } from "./client.ts";
import { find, make } from "./dom.ts";
import { keep, readKept } from "./kept.ts";

const MODE_NAME = "tributary.mode";

export interface OptionsView {
  mode(): Mode;
  /** Empty: every collection. */
  collections(): readonly string[];
  /** A service with a model understands a question that follows up on another. */
  hasModel(): boolean;
  /** Makes the same choices as an earlier question. */
  choose(mode: Mode, collections: readonly string[]): void;
  /** Shows the field for a key and goes there. */
  askForKey(): void;
  /** Looks up the collections again. */
  load(): Promise<readonly CollectionChoice[]>;
  /** False: none could be looked up, or there was none yet. */
  isLoaded(): boolean;
}

/** Creates the view. */
export function createOptionsView(): OptionsView {
  const modes = find("modes", HTMLFieldSetElement);
  const chips = find("chips", HTMLDivElement);
  const keyBox = find("key-box", HTMLDivElement);
  const key = find("key", HTMLInputElement);
  const radios = [...modes.querySelectorAll("input")];
  const boxes = (): HTMLInputElement[] => [
    ...chips.querySelectorAll<HTMLInputElement>("input:enabled"),
  ];
  const choose: OptionsView["choose"] = (mode, collections) => {
    for (const radio of radios) radio.checked = radio.value === mode && !radio.disabled;
    for (const box of boxes()) {
      box.checked = collections.length === 0 || collections.includes(box.value);
    }
  };
  let shown = "";
  /** Switched off; what is new is on. */
  let off: ReadonlySet<string> = new Set();
  const say = (text: string): void => {
    shown = "";
    chips.replaceChildren(make("span", { className: "hint" }, text));
  };
  const askForKey = (): void => {
    keyBox.hidden = false;
    key.focus();
  };
  const load = async (): Promise<readonly CollectionChoice[]> => {
    try {
      const [found, offered] = await Promise.all([listCollections(), listModes()]);
      offer(modes, radios, offered);
      if (boxes().length > 0)
        off = new Set(boxes().flatMap((box) => (box.checked ? [] : box.value)));
      const key = JSON.stringify(found);
      if (key !== shown) chips.replaceChildren(...found.map((one) => createChip(one, off)));
      shown = key;
      if (found.length === 0) say("none yet: pnpm ingest ./my-docs --collection mydocs");
      return found;
    } catch (thrown) {
      const refused = thrown instanceof Refusal ? thrown.problem : undefined;
      say(
        refused === undefined ? "the service cannot be reached" : (refused.detail ?? refused.title),
      );
      if (refused?.status === 401) askForKey();
      return [];
    }
  };
  key.addEventListener("change", () => {
    keep(() => sessionStorage, KEY_NAME, key.value.trim());
    void load();
  });
  modes.addEventListener("change", () =>
    keep(() => localStorage, MODE_NAME, readMode(radios) ?? "direct"),
  );
  const kept = readKept(() => localStorage, MODE_NAME);
  for (const radio of radios) if (kept !== undefined) radio.checked = radio.value === kept;
  return {
    mode: () => readMode(radios) ?? "direct",
    collections: () => readCollections(boxes()),
    hasModel: () => !modes.hidden,
    choose,
    askForKey,
    load,
    isLoaded: () => chips.querySelector("input") !== null,
  };
}

function offer(
  modes: HTMLFieldSetElement,
  radios: readonly HTMLInputElement[],
  offered: ReadonlySet<string>,
): void {
  for (const radio of radios) {
    const label = radio.closest("label");
    radio.disabled = !offered.has(radio.value);
    if (label !== null) label.hidden = radio.disabled;
  }
  // What was kept from another day may be gone; the first is always offered.
  if (readMode(radios) === undefined && radios[0] !== undefined) radios[0].checked = true;
  // A value is written by a model, and only a service with one has other modes.
  const hasModel = radios.filter(({ disabled }) => !disabled).length > 1;
  find("as-value-chip", HTMLLabelElement).hidden = !hasModel;
  modes.hidden = !hasModel;
}

/** Empty: all. A question to none cannot be put: it goes to all, and they show it. */
function readCollections(boxes: readonly HTMLInputElement[]): readonly string[] {
  const on = boxes.filter(({ checked }) => checked);
  if (on.length === 0) for (const box of boxes) box.checked = true;
  return on.length === boxes.length ? [] : on.map(({ value }) => value);
}

/** Undefined: none of those that are offered is chosen. */
function readMode(radios: readonly HTMLInputElement[]): Mode | undefined {
  const chosen = radios.find(({ checked, disabled }) => checked && !disabled)?.value;
  return MODES.find((mode) => mode === chosen);
}

function createChip(collection: CollectionChoice, off: ReadonlySet<string>): HTMLElement {
  const { name: value } = collection;
  const isReady = collection.status === "ready";
  const title = isReady
    ? `${countOf(collection.documents, "document")}, ${countOf(collection.chunks, "chunk")}`
    : "cannot be read now";
  const checked = isReady && !off.has(value);
  const box = make("input", { type: "checkbox", value, checked, disabled: !isReady });
  return make("label", { className: "chip", title }, box, make("span", {}, value));
}
