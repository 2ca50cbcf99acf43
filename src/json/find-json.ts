/** Where in a model's words its JSON begins: behind thoughts, a sentence of introduction, a code fence. */

export interface JsonFinder {
  /** Takes the next piece; gives what belongs to the JSON, from its opening bracket on. */
  push(piece: string): string;
  /** What stood before it, as far as it was looked at. */
  readonly lead: string;
  readonly isFound: boolean;
}

const LEAD_CHARS_MAX = 200_000;
/** The next thing that counts: thoughts that some models write, or a bracket. */
const NEXT = /<(think(?:ing)?)>|\{/u;
const TAG_CHARS_MAX = "<thinking>".length;

export function createJsonFinder(): JsonFinder {
  const before: string[] = [];
  let length = 0;
  /** What is not looked at yet. */
  let rest = "";
  /** What ends the thoughts that are being read. */
  let closing: string | undefined;
  let isFound = false;

  const skip = (count: number): void => {
    if (count <= 0) return;
    before.push(rest.slice(0, count));
    length += count;
    rest = rest.slice(count);
  };

  /** Whether there may be more to look at. */
  const skipThoughts = (end: string): boolean => {
    const at = rest.indexOf(end);
    if (at < 0) skip(rest.length - end.length);
    else {
      skip(at + end.length);
      closing = undefined;
    }
    return at >= 0;
  };

  /** The same; what the rest begins with is the JSON once it is found. */
  const skipWords = (): boolean => {
    const next = NEXT.exec(rest);
    if (next === null) {
      skip(rest.length - TAG_CHARS_MAX);
      return false;
    }
    skip(next.index);
    if (next[1] !== undefined) {
      skip(next[0].length);
      closing = `</${next[1]}>`;
      return true;
    }
    const first = /\S/u.exec(rest.slice(1))?.[0];
    if (first === undefined) return false;
    isFound = first === '"' || first === "}";
    if (!isFound) skip(1); // an introduction that speaks of {keys}
    return !isFound;
  };

  return {
    get lead() {
      return before.join("") + (isFound ? "" : rest);
    },
    get isFound() {
      return isFound;
    },
    push(piece) {
      if (isFound) return piece;
      if (length > LEAD_CHARS_MAX) return "";
      rest += piece;
      while (closing === undefined ? skipWords() : skipThoughts(closing));
      if (!isFound) return "";
      const json = rest;
      rest = "";
      return json;
    },
  };
}
