/** Tells a refusal, and labels without a word, from an answer by its beginning; never lets a piece of the agreed word be shown. */
import { NO_ANSWER } from "./prompt.ts";

export interface RefusalFilter {
  /** The model refused; whatever it wrote behind the word is no answer either. */
  readonly isRefusal: boolean;
  /** Takes the next piece; gives what may be shown. Blanks before the first word are dropped. */
  push(piece: string): string;
  /** No more pieces: gives what is still held back. */
  end(): string;
}

/** Models put the word in quotes, in bold or in code. */
const OPENING = /^["'“«`*_([]{0,4}/u;
/** What may yet turn out to be labels of passages and nothing that they vouch for; further on nobody waits. */
const MAY_BE_LABELS = /^[\s\d[\]【】,†–-]{0,200}$/u;
const LABELS = /^(?:\s*[[【][^\]】]{1,64}[\]】])*\s*$/u;
const WORD = new RegExp(`${NO_ANSWER}(?![\\p{L}\\p{N}])`, "gu");
const PREFIXES = Array.from(NO_ANSWER, (_, index) => NO_ANSWER.slice(0, NO_ANSWER.length - index));

export function createRefusalFilter(): RefusalFilter {
  let held = "";
  let state: "open" | "answer" | "refusal" = "open";

  /** An answer that ends in the word is left as it is without it: it was shown before the word came. */
  const release = (): string => {
    state = "answer";
    const tail = PREFIXES.find((prefix) => held.endsWith(prefix)) ?? "";
    const text = held.slice(0, held.length - tail.length);
    held = tail;
    return text.replaceAll(WORD, "");
  };

  return {
    get isRefusal() {
      return state === "refusal";
    },
    push(piece) {
      if (state === "refusal") return "";
      held += piece;
      if (state === "answer") return release();
      held = held.trimStart();
      const word = held.replace(OPENING, "");
      if (NO_ANSWER.startsWith(word) || MAY_BE_LABELS.test(held)) return "";
      if (word.search(WORD) !== 0) return release();
      state = "refusal";
      return "";
    },
    end() {
      if (state === "refusal") return "";
      if (state === "open" && held.replace(OPENING, "") === NO_ANSWER) {
        state = "refusal";
        return "";
      }
      return state === "open" && LABELS.test(held) ? "" : held.replaceAll(WORD, "");
    },
  };
}
