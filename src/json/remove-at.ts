/** A JSON value without some of its parts. */
import { isObject } from "./schema.ts";

/** A copy without what stands at the paths; entries of lists move up. Undefined when the whole is among them. */
export function removeAt(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return undefined;
  if (paths.length === 0 || (!Array.isArray(value) && !isObject(value))) return value;
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const below = paths.filter(([first]) => first === key).map(([, ...rest]) => rest);
    const kept = removeAt(inner, below);
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
