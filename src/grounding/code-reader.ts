/**
 * Knows which parts of streamed Markdown are code for every renderer, so that they may be shown as they
 * are. Where renderers could disagree, nothing is taken for code any more: text that is treated as code
 * here and rendered there would be a way around the sanitiser.
 */

export interface CodeReader {
  readonly inFence: boolean;
  /** Length of the code, or of a fence's line, that begins at `at`; 0 when there is none. */
  readBlock(
    text: string,
    at: number,
    place: { readonly isLast: boolean; readonly tail: string },
  ): number | "unknown";
  /** Tells what was shown. */
  pass(shown: string): void;
}

const SPAN_CHARS_MAX = 256;
const FENCE_LINE_CHARS_MAX = 128;
const SCRIPT = /script\s*:|data:|mailto:/i;
const NEXT_IN_SPAN = /`+|[\n|]/g;

export function createCodeReader(verbatim: boolean): CodeReader {
  /** From the first doubt on, to the end. */
  let strict = !verbatim;
  /** A backtick without its counterpart: doubt until the paragraph ends. */
  let spansOff = false;
  let fence: { readonly mark: string; readonly length: number } | undefined;
  let atLineStart = true;
  let lineIsBlank = true;

  const openFence = (text: string, at: number, isLast: boolean): number | "unknown" => {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline + 1;
    if (end - at > FENCE_LINE_CHARS_MAX) return doubt();
    if (newline < 0 && !isLast) return "unknown";
    const mark = text[at] ?? "";
    const length = countRun(text, at);
    const info = text.slice(at + length, end);
    if (info.includes("`") || SCRIPT.test(info)) return doubt();
    fence = { mark, length };
    return end - at;
  };

  /** A line that ends the fence, at the start of a line within it. */
  const closeFence = (
    text: string,
    at: number,
    { isLast, open }: { isLast: boolean; open: { mark: string; length: number } },
  ): number | "unknown" => {
    let from = at;
    while (from < at + 3 && text[from] === " ") from += 1;
    const length = text[from] === open.mark ? countRun(text, from) : 0;
    let end = from + length;
    if (length >= open.length) while (text[end] === " ") end += 1;
    if (end - at > FENCE_LINE_CHARS_MAX) return doubt();
    if (end >= text.length && !isLast) return "unknown";
    if (length < open.length) {
      atLineStart = false;
      return end - at;
    }
    fence = undefined;
    return end >= text.length || text[end] === "\n" ? end - at : doubt();
  };

  const readSpan = (
    text: string,
    at: number,
    { isLast, length }: { isLast: boolean; length: number },
  ) => {
    const from = at + length;
    NEXT_IN_SPAN.lastIndex = from;
    for (let match = NEXT_IN_SPAN.exec(text); match !== null; match = NEXT_IN_SPAN.exec(text)) {
      const end = match.index + match[0].length;
      if (match.index - from > SPAN_CHARS_MAX) return doubtSpans();
      if (match[0][0] === "`" && match[0].length < 3 && end >= text.length && !isLast)
        return "unknown";
      if (match[0].length === length && match[0][0] === "`") {
        return SCRIPT.test(text.slice(from, match.index)) ? doubtSpans() : end - at;
      }
      if (match[0][0] !== "`" || match[0].length > 2) return doubtSpans();
    }
    return isLast || text.length - from > SPAN_CHARS_MAX ? doubtSpans() : "unknown";
  };

  const doubt = (): 0 => {
    strict = true;
    fence = undefined;
    return 0;
  };
  const doubtSpans = (): 0 => {
    spansOff = true;
    return 0;
  };

  return {
    get inFence() {
      return fence !== undefined;
    },
    readBlock(text, at, { isLast, tail }) {
      if (strict) return 0;
      if (fence !== undefined)
        return atLineStart ? closeFence(text, at, { isLast, open: fence }) : 0;
      const mark = text[at];
      if (mark !== "`" && mark !== "~") return 0;
      const length = countRun(text, at);
      if (length < 3 && at + length >= text.length && !isLast) return "unknown";
      if (length >= 3) return atLineStart ? openFence(text, at, isLast) : doubt();
      // `~` is passed over as a whole run, so that no later look at its rest counts anew.
      if (mark === "~") return length;
      if (spansOff) return length;
      if (tail.endsWith("\\")) {
        spansOff = true;
        return length;
      }
      const span = readSpan(text, at, { isLast, length });
      return span === 0 ? length : span;
    },
    pass(shown) {
      if (shown === "") return;
      const newline = shown.lastIndexOf("\n");
      if (fence === undefined && newline >= 0) {
        const first = shown.indexOf("\n");
        const endsBlank = lineIsBlank && !/[^ \t]/.test(shown.slice(0, first));
        if (endsBlank) spansOff = false;
      }
      const last = shown.slice(newline + 1);
      lineIsBlank = (newline >= 0 || lineIsBlank) && !/[^ \t]/.test(last);
      atLineStart = last === "";
    },
  };
}

function countRun(text: string, at: number): number {
  let end = at;
  while (text[end] === text[at]) end += 1;
  return end - at;
}
