/**
 * Knows which parts of streamed Markdown are code for every renderer, so that they may be shown as they
 * are. Where renderers could disagree, nothing is taken for code any more: text that is treated as code
 * here and rendered there would be a way around the sanitiser.
 */

export interface Place {
  /** No more text will come. */
  readonly isLast: boolean;
  /** The end of what was shown before. */
  readonly tail: string;
}

export interface CodeReader {
  readonly inFence: boolean;
  /** Length of the code, or of a fence's line, that begins at `at`; 0 when there is none. */
  readBlock(text: string, at: number, place: Place): number | "unknown";
  /** Tells what was shown. */
  pass(shown: string): void;
}

const SPAN_CHARS_MAX = 256;
const FENCE_LINE_CHARS_MAX = 128;
const SCRIPT = /script\s*:|data:|mailto:/i;
/** Blocks of formulas, containers and comments: to renderers that know them, a fence within is none. */
const OTHER_BLOCKS = ["$$", "\\[", "\\(", "\\begin{", ":::", "%%"];
const BLOCK_CHARS_MAX = 7;
/** Front matter, which only the beginning of a text can be, and what may become its first line. */
const FRONT_MATTER = /[ \t]{0,3}(?:---|\+\+\+)/y;
const FRONT_MATTER_BEGUN = /[ \t]{0,3}(?:-{0,2}|\+{0,2})$/y;
const NEXT_IN_SPAN = /`+|[\n|]/g;

/** `verbatim` false: nothing is taken for code. */
export function createCodeReader(verbatim: boolean): CodeReader {
  return new MarkdownCodeReader(verbatim);
}

class MarkdownCodeReader implements CodeReader {
  /** From the first doubt on, to the end. */
  #strict: boolean;
  /** A backtick without its counterpart: doubt until the paragraph ends. */
  #spansOff = false;
  /** A `$` in this paragraph, which may begin a formula, and end it within what looks like a span. */
  #hasDollar = false;
  #fence: { readonly mark: string; readonly length: number } | undefined;
  #atLineStart = true;
  /** Nothing but blanks was shown. */
  #atStart = true;
  #lineIsBlank = true;

  constructor(verbatim: boolean) {
    this.#strict = !verbatim;
  }

  get inFence(): boolean {
    return this.#fence !== undefined;
  }

  readBlock(text: string, at: number, place: Place): number | "unknown" {
    const { isLast } = place;
    if (this.#strict) return 0;
    if (this.#atStart && matches(FRONT_MATTER, text, at)) return this.#doubt();
    if (this.#atStart && !isLast && matches(FRONT_MATTER_BEGUN, text, at)) return "unknown";
    if (this.#fence !== undefined)
      return this.#atLineStart ? this.#closeFence(text, at, isLast) : 0;
    const mark = text[at];
    if (mark !== "`" && mark !== "~") return this.#readOther(text, at, isLast);
    return this.#readRun(text, at, place);
  }

  /** Backticks or tildes outside of a fence. */
  #readRun(text: string, at: number, { isLast, tail }: Place): number | "unknown" {
    const length = countRun(text, at);
    if (length >= 3) return this.#atLineStart ? this.#openFence(text, at, isLast) : this.#doubt();
    if (at + length >= text.length && !isLast) return "unknown";
    // A run that opens nothing is passed over as a whole, so that no later look at its rest counts anew.
    if (text[at] === "~" || this.#spansOff) return length;
    if (tail.endsWith("\\")) return this.#doubtSpans(length);
    return this.#readSpan(text, at, { isLast, length });
  }

  pass(shown: string): void {
    if (shown === "") return;
    this.#atStart &&= !/\S/.test(shown);
    const newline = shown.lastIndexOf("\n");
    const first = newline < 0 ? shown : shown.slice(0, shown.indexOf("\n"));
    const isBlankLine = newline >= 0 && this.#lineIsBlank && !/[^ \t]/.test(first);
    if (isBlankLine && this.#fence === undefined) this.#spansOff = this.#hasDollar = false;
    const last = shown.slice(newline + 1);
    this.#lineIsBlank = (newline >= 0 || this.#lineIsBlank) && !/[^ \t]/.test(last);
    this.#atLineStart = last === "";
  }

  #readOther(text: string, at: number, isLast: boolean): 0 | "unknown" {
    const found = text.slice(at, at + BLOCK_CHARS_MAX);
    if (OTHER_BLOCKS.some((block) => found.startsWith(block))) return this.#doubt();
    if (!isLast && OTHER_BLOCKS.some((block) => block.startsWith(found))) return "unknown";
    this.#hasDollar ||= text[at] === "$";
    return 0;
  }

  #openFence(text: string, at: number, isLast: boolean): number | "unknown" {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline + 1;
    if (end - at > FENCE_LINE_CHARS_MAX) return this.#doubt();
    if (newline < 0 && !isLast) return "unknown";
    const length = countRun(text, at);
    const info = text.slice(at + length, end);
    // Behind a bar it may be the head of a table, which markdown-it looks for before fences.
    if (/[`|]/.test(info) || SCRIPT.test(info)) return this.#doubt();
    this.#fence = { mark: text[at] ?? "", length };
    return end - at;
  }

  /** A line that ends the fence, at the start of a line within it. */
  #closeFence(text: string, at: number, isLast: boolean): number | "unknown" {
    const { mark, length: opened } = this.#fence ?? { mark: "", length: 0 };
    let from = at;
    while (from < at + 3 && text[from] === " ") from += 1;
    const length = text[from] === mark ? countRun(text, from) : 0;
    let end = from + length;
    if (length >= opened) while (text[end] === " ") end += 1;
    if (end - at > FENCE_LINE_CHARS_MAX) return this.#doubt();
    if (end >= text.length && !isLast) return "unknown";
    if (length < opened) {
      this.#atLineStart = false;
      return end - at;
    }
    this.#fence = undefined;
    return end >= text.length || text[end] === "\n" ? end - at : this.#doubt();
  }

  /** Length of the span, or of the run alone when it opens none. */
  #readSpan(
    text: string,
    at: number,
    { isLast, length }: { isLast: boolean; length: number },
  ): number | "unknown" {
    const from = at + length;
    NEXT_IN_SPAN.lastIndex = from;
    for (let match = NEXT_IN_SPAN.exec(text); match !== null; match = NEXT_IN_SPAN.exec(text)) {
      const [run] = match;
      const end = match.index + run.length;
      if (match.index - from > SPAN_CHARS_MAX || !run.startsWith("`") || run.length > 2) {
        return this.#doubtSpans(length);
      }
      if (end >= text.length && !isLast) return "unknown";
      if (run.length === length) {
        const code = text.slice(from, match.index);
        const ends = this.#hasDollar && code.includes("$");
        return ends || SCRIPT.test(code) ? this.#doubtSpans(length) : end - at;
      }
    }
    const isOver = isLast || text.length - from > SPAN_CHARS_MAX;
    return isOver ? this.#doubtSpans(length) : "unknown";
  }

  #doubt(): 0 {
    this.#strict = true;
    this.#fence = undefined;
    return 0;
  }

  #doubtSpans(length: number): number {
    this.#spansOff = true;
    return length;
  }
}

function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

function countRun(text: string, at: number): number {
  let end = at;
  while (text[end] === text[at]) end += 1;
  return end - at;
}
