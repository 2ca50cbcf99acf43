/** The line of a Markdown table between the names of its columns and its rows. */

/** Is it one, such as `| --- | :-: |`? A row of empty cells is none. */
export function isTableFrame(line: string): boolean {
  return /^\|(?=[^-]*-)[\s:|-]+$/u.test(line.trimStart());
}
