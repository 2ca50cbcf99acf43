/** The variables of a Worker as texts: wrangler.toml has numbers, truths and lists as well, and hands them on as what they are. */
type Values = Readonly<Record<string, unknown>>;

/** By name, without what is empty, which counts as unset; bindings are objects, and none of them. */
export function toTexts(env: Values): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const isVariable = PLAIN.has(typeof value) || Array.isArray(value);
    if (isVariable && String(value).trim() !== "") texts[name] = String(value);
  }
  return texts;
}

const PLAIN: ReadonlySet<string> = new Set(["string", "number", "boolean"]);
