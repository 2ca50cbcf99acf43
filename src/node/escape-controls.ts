/** Makes text harmless for a terminal and for one-line logs. */

/** Control characters, line separators, and marks that reverse the direction of writing. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Every unsafe character as `\u{…}`, except those in `keep`. */
export function escapeControls(text: string, keep = ""): string {
  return text.replace(UNSAFE, (character) =>
    keep.includes(character) ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
