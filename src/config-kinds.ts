/** The kinds of values that settings have, and how a setting's name becomes an environment variable. */
import * as z from "zod";

const NUMBER = { error: "must be a number" };

export const Milliseconds = z.coerce.number(NUMBER).int().min(1).max(86_400_000);
export const MillisecondsOrNone = z.coerce.number(NUMBER).int().min(0).max(86_400_000);
export const Count = z.coerce.number(NUMBER).int().min(1).max(1_000_000);
export const CountOrNone = z.coerce.number(NUMBER).int().min(0).max(1_000_000);
export const Bytes = z.coerce
  .number()
  .int()
  .min(1024)
  .max(2 ** 40);
/** May be none at all. */
export const Memory = z.coerce
  .number(NUMBER)
  .int()
  .min(0)
  .max(2 ** 40);
export const Share = z.coerce.number(NUMBER).min(0).max(1);
export const Text = z.string().trim().min(1);
/** With commas between. */
export const Names = Text.transform((text) =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== ""),
).refine((names) => names.length > 0, { error: "names nothing" });
export const BaseUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" });

/** `openaiBaseUrl` → `OPENAI_BASE_URL`. */
export function toVariable(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase();
}
