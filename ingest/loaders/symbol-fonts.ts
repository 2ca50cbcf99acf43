/** Signs that a Word file names by their place in a font of signs. */

const GREEK_CAPITALS = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ";
const GREEK_LETTERS = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ";

/** By the name of the font in small letters and the place in it. */
const SIGNS: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  symbol: new Map<number, string>([
    ...toPlaces(0x41, GREEK_CAPITALS),
    ...toPlaces(0x61, GREEK_LETTERS),
    ...toPlaces(0xa3, "≤⁄∞"),
    ...toPlaces(0xab, "↔←↑→↓°±″≥×∝∂•÷≠≡≈"),
    ...toPlaces(0xc5, "⊕∅∩∪⊃⊇⊄⊂⊆∈∉"),
    ...toPlaces(0xd1, "∇"),
    ...toPlaces(0xd6, "√⋅¬∧∨⇔⇐⇑⇒⇓"),
    ...toPlaces(0xe5, "∑"),
    ...toPlaces(0xf2, "∫"),
  ]),
  wingdings: new Map<number, string>([
    ...toPlaces(0x6c, "●"),
    ...toPlaces(0x6f, "☐"),
    ...toPlaces(0xa7, "▪☐"),
    ...toPlaces(0xdf, "←→↑↓"),
    ...toPlaces(0xfb, "✗✓☒☑"),
  ]),
};
/** Fonts of signs have them here, at `F000` and their place in the font. */
const PRIVATE_USE = /[\uE000-\uF8FF]/;

/** The sign with this code, in hexadecimal, in the font; nothing where its place says nothing. */
export function toSign(font: string, code: string): string {
  const place = Number.parseInt(code, 16);
  const sign = SIGNS[font.toLowerCase()]?.get(place % 0x100);
  if (sign !== undefined || !(place > 0x20 && place <= 0xffff)) return sign ?? "";
  const letter = String.fromCodePoint(place);
  return PRIVATE_USE.test(letter) ? "" : letter;
}

function toPlaces(first: number, signs: string): readonly (readonly [number, string])[] {
  return Array.from(signs, (sign, at) => [first + at, sign] as const);
}
