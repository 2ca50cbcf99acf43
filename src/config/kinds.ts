/** The kinds of values that settings have, and how a setting's name becomes an environment variable. */
import * as z from "zod";

/** What is wrong with a number, as a sentence behind its name. */
const NUMBER = {
  error({ code, expected, minimum, maximum }: z.core.$ZodRawIssue): string {
    if (code === "too_small") return `must be at least ${String(minimum)}`;
    if (code === "too_big") return `must be at most ${String(maximum)}`;
    return expected === "int" ? "must be a whole number" : "must be a number";
  },
};

export const PlainNumber = z.coerce.number(NUMBER);
export const Flag = z.stringbool({ error: "must be true or false" });

export const Milliseconds = PlainNumber.int().min(1).max(86_400_000);
export const MillisecondsOrNone = PlainNumber.int().min(0).max(86_400_000);
export const Count = PlainNumber.int().min(1).max(1_000_000);
/** Of tokens a minute there may be more than a million. */
export const Tokens = Count.max(1_000_000_000);
export const CountOrNone = PlainNumber.int().min(0).max(1_000_000);
export const Bytes = PlainNumber.int()
  .min(1024)
  .max(2 ** 40);
/** May be none at all. */
export const Memory = PlainNumber.int()
  .min(0)
  .max(2 ** 40);
export const Share = PlainNumber.min(0).max(1);
export const Text = z.string().trim().min(1);
/** Travels in a header, which holds nothing else; what was copied from a page may bring an ellipsis or a line break. */
export const Key = Text.regex(/^[\x21-\x7e]+$/, {
  error: "holds a blank or a sign that no key has, such as \u2026; copy the key itself",
});
/** With commas between. */
export const Names = Text.transform((text) =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== ""),
).refine((names) => names.length > 0, { error: "names nothing" });
/** A name or an address without brackets; a colon is part of an address that has more than one. */
export const Host = Text.regex(/^(?:[\w.-]+|[\da-f.]*:[\da-f.]*:[\da-f.:]*(?:%[\w.-]+)?)$/i, {
  error:
    "must be an address or a name alone, such as 127.0.0.1, ::1 or localhost; the port goes into PORT",
});
/** A folder's path, or an address whose scheme a store can be behind. */
export const DataDir = Text.refine(
  (place) => !place.includes("://") || /^(s3|gs|az):\/\/[^/]/.test(place),
  {
    error:
      "must be a folder, or an address such as s3://bucket/path, gs://bucket/path or az://container/path; a LanceDB server goes into LANCE_URL",
  },
);
export const BaseUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" });

/** `https://app.example.com`: neither a path nor a slash behind it, and no port that is the usual one. */
export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, host } = new URL(text);
  return host !== "" && text === `${protocol}//${host}`;
}

/** `openaiBaseUrl` → `OPENAI_BASE_URL`. */
export function toVariable(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase();
}
