/** JSON that may be none, for those who check what it says in any case. */

/** The value; undefined where the text is no JSON, which is as wrong as any other content. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
