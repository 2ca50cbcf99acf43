/** Text of other formats as blocks of Markdown that are what they were. */

/** Code as a block; the fence is longer than any in the code. */
export function toFenced(code: string, language = ""): string {
  const runs = code.match(/`+/g) ?? [];
  const longest = runs.reduce((most, { length }) => Math.max(most, length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
}

/** A paragraph that happens to begin like a heading or a fence is still a paragraph. */
export function escapeBlock(text: string): string {
  return text.replace(/^([^\S\r\n\u2028\u2029]*)(#{1,6}\s|```|~~~)/gm, "$1\\$2");
}
