/** What a question is put with: the mode, the collections, and a key where the service asks for one. */
import { MODES, type Mode } from "../../domain/ask.ts";
import {
  type CollectionChoice,
  KEY_NAME,
  listCollections,
  listModes,
  readKey,
  Refusal,
} from "./client.ts";
import { createChips } from "./chips.ts";
import { find } from "./dom.ts";
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
  const keyBox = find("key-box", HTMLDivElement);
  const key = find("key", HTMLInputElement);
  const radios = [...modes.querySelectorAll("input")];
  const collections = createChips();
  const askForKey = (): void => {
    keyBox.hidden = false;
    key.focus();
  };
  const load = async (): Promise<readonly CollectionChoice[]> => {
    try {
      const [found, offered] = await Promise.all([listCollections(), listModes()]);
      offer(modes, radios, offered);
      collections.show(found);
      return found;
    } catch (thrown) {
      const refused = thrown instanceof Refusal ? thrown.problem : undefined;
      collections.say(
        refused === undefined ? "the service cannot be reached" : (refused.detail ?? refused.title),
      );
      if (refused?.status === 401 || (refused?.status === 403 && readKey() !== undefined))
        askForKey();
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
    collections: () => collections.read(),
    hasModel: () => !modes.hidden,
    choose(mode, asked) {
      for (const radio of radios) radio.checked = radio.value === mode && !radio.disabled;
      collections.choose(asked);
    },
    askForKey,
    load,
    isLoaded: () => collections.isLoaded(),
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

/** Undefined: none of those that are offered is chosen. */
function readMode(radios: readonly HTMLInputElement[]): Mode | undefined {
  const chosen = radios.find(({ checked, disabled }) => checked && !disabled)?.value;
  return MODES.find((mode) => mode === chosen);
}
