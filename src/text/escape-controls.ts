/** Makes text harmless for a terminal and for one-line logs. */

/** Control characters, line separators, and marks that reverse the direction of writing. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Every unsafe character as `\u{…}`, except those in `keep`. */
export function escapeControls(text: string, keep = ""): string {
  return text.replace(UNSAFE, (character) =>
    keep.includes(character) ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** The same for text that is JSON and stays it: unsafe characters stand only within its strings. */
export function escapeControlsInJson(json: string): string {
  return json.replace(
    UNSAFE,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
