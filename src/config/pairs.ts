/** Settings that are lists of names with values. */
import * as z from "zod";

export const Pairs = z
  .string()
  .trim()
  .min(1)
  .refine((text) => parsePairs(text) !== undefined, {
    error: "must be a list such as name=value,other=value, percent-encoded",
  });

/**
 * `name=value` pairs with commas between them, values percent-encoded where need be; undefined when they are
 * none. Names are in small letters.
 */
export function parsePairs(text: string): Readonly<Record<string, string>> | undefined {
  const pairs: Record<string, string> = {};
  for (const part of text.split(",").filter((one) => one.trim() !== "")) {
    const [, name, encoded] = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    const value = encoded === undefined ? undefined : decode(encoded);
    if (name === undefined || value === undefined || !/^[ -~]*$/.test(value)) return undefined;
    pairs[name.toLowerCase()] = value;
  }
  return pairs;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
