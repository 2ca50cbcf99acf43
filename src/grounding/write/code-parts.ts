/** Tells streamed text from the code in it, fenced or within a line: in code no bracket is a citation. */

export interface Part {
  readonly text: string;
  readonly isCode: boolean;
}

export interface CodeParts {
  /** What was given out ends within a fence. */
  readonly inFence: boolean;
  /** Takes the next piece; what may still turn out to be code is held back. */
  push(piece: string): readonly Part[];
  /** No more pieces: the rest. */
  end(): readonly Part[];
}

/** Every look ahead is bounded, so that endless lines and runs of marks take linear time. */
const SPAN_CHARS_MAX = 256;
const FENCE_LINE_CHARS_MAX = 128;
const FENCE = /[ \t]{0,3}(`{3,128}|~{3,128})/y;
const MAY_BE_FENCE = /[ \t]{0,3}[`~]{0,128}$/y;
const CLOSED = /[ \t]{0,3}(?:\n|$)/y;
const RUN = /`{1,128}/y;
const NEXT_RUN = /\n|`{1,128}/g;

/**
 * Unlike the sanitiser's reading, a doubt about one line is none about the next: nothing dangerous is
 * let through by it, and what is read depends on the line alone, or on the fence it stands in.
 */
export function createCodeParts(): CodeParts {
  return new LineReader();
}

class LineReader implements CodeParts {
  #held = "";
  #fence: { readonly mark: string; readonly length: number } | undefined;
  #atLineStart = true;
  #isEscaped = false;

  get inFence(): boolean {
    return this.#fence !== undefined;
  }

  push(piece: string): readonly Part[] {
    return this.#scan(this.#held + piece, false);
  }

  end(): readonly Part[] {
    return this.#scan(this.#held, true);
  }

  #scan(text: string, isLast: boolean): readonly Part[] {
    const parts: Part[] = [];
    let at = 0;
    while (at < text.length) {
      const step = this.#read(text, at, isLast);
      if (step === undefined) break;
      const part = { text: text.slice(at, at + step.length), isCode: step.isCode };
      parts.push(part);
      this.#atLineStart = part.text.endsWith("\n");
      this.#isEscaped = part.text.endsWith("\\");
      at += step.length;
    }
    this.#held = text.slice(at);
    return parts;
  }

  /** Undefined: more text is needed to tell. */
  #read(text: string, at: number, isLast: boolean): Step {
    if (this.#atLineStart) {
      if (!isLast && matchAt(MAY_BE_FENCE, text, at) !== undefined) return undefined;
      const length = this.#readFence(text, at, isLast);
      if (length === undefined) return undefined;
      if (length > 0) return { length, isCode: true };
    }
    if (this.#fence !== undefined) {
      const newline = text.indexOf("\n", at);
      return { length: (newline < 0 ? text.length : newline + 1) - at, isCode: true };
    }
    NEXT_RUN.lastIndex = at;
    const next = NEXT_RUN.exec(text);
    if (next === null) return { length: text.length - at, isCode: false };
    if (next[0] === "\n") return { length: next.index + 1 - at, isCode: false };
    if (next.index > at) return { length: next.index - at, isCode: false };
    return readSpan(text, at, { isLast, isEscaped: this.#isEscaped });
  }

  /** Length of a line that opens or closes a fence; 0 when it is none. */
  #readFence(text: string, at: number, isLast: boolean): number | undefined {
    const found = matchAt(FENCE, text, at);
    if (found === undefined) return 0;
    const [lead, run = ""] = found;
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline + 1;
    const isOpenEnded = newline < 0 && !isLast;
    if (end - at > FENCE_LINE_CHARS_MAX) return 0;
    if (this.#fence !== undefined) {
      if (!this.#closes(text, at)) return 0;
      if (!isOpenEnded) this.#fence = undefined;
      return isOpenEnded ? undefined : end - at;
    }
    // Behind three backticks, another one on their line makes it code within the line.
    if (run.startsWith("`") && text.slice(at + lead.length, end).includes("`")) return 0;
    if (isOpenEnded) return undefined;
    this.#fence = { mark: run.slice(0, 1), length: run.length };
    return end - at;
  }

  #closes(text: string, at: number): boolean {
    const { mark, length } = this.#fence ?? { mark: "", length: 0 };
    const [lead = "", run = ""] = matchAt(FENCE, text, at) ?? [];
    return (
      run.startsWith(mark) &&
      run.length >= length &&
      matchAt(CLOSED, text, at + lead.length) !== undefined
    );
  }
}

type Step = { readonly length: number; readonly isCode: boolean } | undefined;

/** From the backticks at `at` to as many on the same line; else the backticks alone, as text. */
function readSpan(
  text: string,
  at: number,
  { isLast, isEscaped }: { readonly isLast: boolean; readonly isEscaped: boolean },
): Step {
  const run = matchAt(RUN, text, at)?.[0] ?? "";
  const from = at + run.length;
  const alone = { length: run.length, isCode: false };
  if (from >= text.length && !isLast) return undefined;
  if (isEscaped) return alone;
  NEXT_RUN.lastIndex = from;
  for (let next = NEXT_RUN.exec(text); next !== null; next = NEXT_RUN.exec(text)) {
    if (next[0] === "\n" || next.index - from > SPAN_CHARS_MAX) return alone;
    const end = next.index + next[0].length;
    if (end >= text.length && !isLast) return undefined;
    if (next[0].length === run.length) return { length: end - at, isCode: true };
  }
  return isLast || text.length - from > SPAN_CHARS_MAX ? alone : undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
