/** Everything that a Markdown renderer finds in a text. */

export interface MarkdownToken {
  readonly type: string;
  readonly raw: string;
  readonly href?: string;
}

/** Every token below, at whatever depth: in lists, tables, links. */
export function listTokens(value: unknown): readonly MarkdownToken[] {
  if (Array.isArray(value)) return value.flatMap(listTokens);
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(listTokens);
  return "type" in value && "raw" in value ? [value as MarkdownToken, ...inner] : inner;
}
