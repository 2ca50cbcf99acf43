/** Makes text harmless for a terminal and for one-line logs. */
import { replaceHidden } from "./hidden-characters.ts";

/** What is not hidden and still ends or shifts a line. */
const SEPARATORS = /[\n\t\u2028\u2029]/g;

/** Control characters, line separators, and what hides or turns text as `\u{…}`, except those in `keep`. */
export function escapeControls(text: string, keep = ""): string {
  return replaceUnsafe(text, (character) =>
    keep.includes(character) ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** The same for text that is JSON and stays it: unsafe characters stand only within its strings. */
export function escapeControlsInJson(json: string): string {
  return replaceUnsafe(json, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

function replaceUnsafe(text: string, toShown: (character: string) => string): string {
  return replaceHidden(text, toShown).replaceAll(SEPARATORS, toShown);
}
