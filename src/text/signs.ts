/** Is a number below zero? A dash in front may as well be that of a range, a compound or a list. */

const DASH = /(?<![\p{L}\p{N}\p{M}_)\]%°.-])[-−–‑－﹣]$/u;
const SPELLED =
  /(?<![\p{L}])(?:minus|negative|meno|минус|(?<!(?:au|du|le|al|lo|ao|pelo)\s)(?:moins|menos))\s$|(?:零下|氷点下|マイナス|负|負|영하)\s?$/iu;
const BELOW_ZERO =
  /^[\s\u00a0°º]*(?:\p{L}+\s+){0,2}(?:below (?:zero|freezing)|unter (?:null|dem gefrierpunkt)|bajo cero|sous zéro|sotto zero|abaixo de zero|ниже нуля)/iu;
const BEFORE_CHARS = 16;
const BEHIND_CHARS = 48;

/** `-20`, `−20`, `minus 20`, `20 °C below zero`; `previousEnd` is where the number before it ends, with its unit. */
export function isNegative(
  text: string,
  { start, end, previousEnd }: { start: number; end: number; previousEnd: number },
): boolean {
  const isRange =
    previousEnd > 0 && /^\s*(?:[-−–‑]|minus )$/iu.test(text.slice(previousEnd, start));
  if (isRange) return false;
  const before = text.slice(Math.max(0, start - BEFORE_CHARS), start);
  if (DASH.test(before) || SPELLED.test(before)) return true;
  return BELOW_ZERO.test(text.slice(end, end + BEHIND_CHARS));
}

/** Beside such a word an amount without a sign may be a loss: `-5 %` and `fell by 5 %`. */
const FALLS =
  /\b(?:below|under|loss(?:es)?|los[et]|f[ae]ll(?:s|en|ing)?|dropp?(?:s|ed|ing)?|declin(?:e[sd]?|ing)|decreas(?:e[sd]?|ing)|reduc(?:e[sd]?|ing|tions?)|less|lower(?:ed)?|shr[aiu]nk|down|cuts?|minus|negative|deficit|sank|gesunken|sinkt|fiel|gefallen|rückgang|verlust|weniger|unter|baiss\p{L}*|pertes?|recul\p{L}*|diminu\p{L}*|moins|ca[ií]da|cay[óo]|baj[óoa]\p{L}*|p[ée]rdidas?|menos|calo|perdita|caiu|queda|perda)(?![\p{L}])|сни[жз]|упал|паде|убыт|ниже|下降|减少|減少|下跌|亏损|赤字|減|감소|하락|손실/iu;
const AROUND_CHARS = 48;
const SENTENCE_END = /[!?;\n。]|\.\s/u;

/** Does a word near the number say that something falls, or is below? */
export function isFall(text: string, start: number, end: number): boolean {
  const before = text
    .slice(Math.max(0, start - AROUND_CHARS), start)
    .split(SENTENCE_END)
    .at(-1);
  const [behind] = text.slice(end, end + AROUND_CHARS).split(SENTENCE_END);
  return FALLS.test(`${before ?? ""} ${behind ?? ""}`);
}
