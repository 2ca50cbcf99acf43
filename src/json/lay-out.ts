/** A JSON value as the lines that people read: as `JSON.stringify` indents it, with the place of each leaf. */
import { toPointer } from "./pointer.ts";

export interface ValueLine {
  /** How far it is indented. */
  readonly depth: number;
  /** The name, the opening bracket, or nothing before a leaf of a list. */
  readonly before: string;
  /** A text, number, boolean or null, as JSON. */
  readonly leaf?: { readonly text: string; readonly pointer: string };
  /** The comma or closing bracket. */
  readonly after: string;
}

/** The lines of a value, at most so many; the last one is `…` where there are more. */
export function layOut(value: unknown, linesMax = 2_000): readonly ValueLine[] {
  const lines: ValueLine[] = [];
  const add = (line: ValueLine): void => {
    if (lines.length < linesMax) lines.push(line);
    else lines[linesMax - 1] = { depth: 0, before: "…", after: "" };
  };
  const write = (inner: unknown, path: readonly string[], name: string, after: string): void => {
    if (lines.length > linesMax) return;
    const depth = path.length;
    if (typeof inner !== "object" || inner === null) {
      const text = JSON.stringify(inner) ?? "null";
      add({ depth, before: name, leaf: { text, pointer: toPointer(path) }, after });
      return;
    }
    const isList = Array.isArray(inner);
    const [open, close] = isList ? "[]" : "{}";
    const entries = Object.entries(inner);
    if (entries.length === 0) {
      add({ depth, before: `${name}${open}${close}`, after });
      return;
    }
    add({ depth, before: `${name}${open}`, after: "" });
    for (const [index, [key, child]] of entries.entries()) {
      const comma = index < entries.length - 1 ? "," : "";
      write(child, [...path, key], isList ? "" : `${JSON.stringify(key)}: `, comma);
    }
    add({ depth, before: "", after: `${close}${after}` });
  };
  write(value, [], "", "");
  return lines;
}
