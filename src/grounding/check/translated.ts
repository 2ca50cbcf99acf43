/** A sentence in another language than its evidence: words cannot be compared there, numbers and identifiers can. */
import type { Quantity } from "../../text/numbers.ts";
import { holdsQuantity } from "../../text/quantity-index.ts";
import { isInOtherLanguage, readLanguageSigns } from "../../text/language.ts";
import type { Evidence } from "./evidence.ts";
import type { Reading } from "./reading.ts";

/** Those of the evidence that are in another language than the claim. One that shows no language is in that of the answer before it. */
export function findTranslated<T extends Pick<Evidence, "language">>(
  { text }: Pick<Reading, "text">,
  evidence: readonly T[],
  before: string,
): readonly T[] {
  const own = readLanguageSigns(text);
  const signs = own.counts.size > 0 || before === "" ? own : readLanguageSigns(`${before} ${text}`);
  return evidence.filter(({ language }) => isInOtherLanguage(signs, language));
}

/** `P3`, `AES-256`: the same in every language. */
const IDENTIFIER = /\p{N}/u;

/** `unsupported` where a number or an identifier is nowhere in the evidence; whether the rest is so the words cannot tell. */
export function checkTranslated(
  {
    names,
    quantities,
  }: { readonly names: readonly string[]; readonly quantities: readonly Quantity[] },
  evidence: readonly Pick<Evidence, "stems" | "quantities">[],
): "weak" | "unsupported" {
  const identifiers = names.filter((name) => IDENTIFIER.test(name));
  const isExact =
    identifiers.every((name) => evidence.some(({ stems }) => stems.has(name))) &&
    quantities.every((one) => evidence.some((said) => holdsQuantity(said.quantities, one)));
  return isExact ? "weak" : "unsupported";
}
