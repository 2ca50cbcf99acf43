/** Where in a model's words its JSON begins: behind thoughts, a sentence of introduction, a code fence. */

export interface JsonFinder {
  /** Takes the next piece; gives what belongs to the JSON, from its opening bracket on. */
  push(piece: string): string;
  /** What stood before it, as far as it was looked at. */
  readonly lead: string;
  readonly isFound: boolean;
}

const LEAD_CHARS_MAX = 20_000;
const THOUGHTS = "<think>";
const THOUGHTS_END = "</think>";

export function createJsonFinder(): JsonFinder {
  let lead = "";
  let isFound = false;
  return {
    get lead() {
      return lead;
    },
    get isFound() {
      return isFound;
    },
    push(piece) {
      if (isFound) return piece;
      if (lead.length > LEAD_CHARS_MAX) return "";
      lead += piece;
      const from = skipThoughts(lead);
      const at = from === undefined ? -1 : lead.indexOf("{", from);
      if (at < 0) return "";
      isFound = true;
      const json = lead.slice(at);
      lead = lead.slice(0, at);
      return json;
    },
  };
}

/** Where the thoughts end that some models write before their answer; undefined: not yet. */
function skipThoughts(text: string): number | undefined {
  const begin = text.trimStart();
  if (begin.length < THOUGHTS.length && THOUGHTS.startsWith(begin)) return undefined;
  if (!begin.startsWith(THOUGHTS)) return 0;
  const end = text.indexOf(THOUGHTS_END);
  return end < 0 ? undefined : end + THOUGHTS_END.length;
}
