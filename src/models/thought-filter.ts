/** Tells a model's thoughts from its answer where its server leaves them in the text, in tags at the beginning. */

export interface ThoughtFilter {
  /** Takes the next piece; gives what belongs to the answer. */
  push(piece: string): string;
  /** No more pieces: gives what is still held back. Thoughts that never ended are no answer. */
  end(): string;
}

const TAGS = ["<think>", "<thinking>"] as const;

/** Creates the filter of one answer. Only what the answer begins with is looked at: further on a tag is a word like any other. */
export function createThoughtFilter(): ThoughtFilter {
  let state: "open" | "thoughts" | "blanks" | "answer" = "open";
  let held = "";
  let closing = "";

  const release = (): string => {
    state = "answer";
    const text = held;
    held = "";
    return text;
  };

  return {
    push(piece) {
      if (state === "answer") return piece;
      held += piece;
      if (state === "open") {
        const begun = held.trimStart();
        const tag = TAGS.find((one) => begun.startsWith(one));
        if (tag === undefined) return TAGS.some((one) => one.startsWith(begun)) ? "" : release();
        state = "thoughts";
        closing = tag.replace("<", "</");
        held = begun.slice(tag.length);
      }
      if (state === "thoughts") {
        const at = held.indexOf(closing);
        held = held.slice(at < 0 ? -closing.length : at + closing.length);
        if (at < 0) return "";
        state = "blanks";
      }
      held = held.trimStart();
      return held === "" ? "" : release();
    },
    end: () => (state === "open" ? release() : ""),
  };
}
