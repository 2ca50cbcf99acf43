/** The parts of a sentence that each say something by themselves: `Basic costs 5 and Pro costs 12`. */

/** What joins them: conjunctions of English, German, French and Spanish, and marks. */
const JOINT =
  /(?:[;:,](?=\s)|(?<![\p{L}\p{N}])(?:and|while|whereas|but|than|compared (?:to|with)|versus|vs\.?|und|während|aber|als|et|mais|tandis que|y|mientras que|pero)(?![\p{L}\p{N}]))/giu;

/** Nobody tells more in one sentence; each is held against every row of the evidence. */
const PARTS_MAX = 48;

/** In order, without what joins them; of a sentence with too many parts the whole. */
export function splitParts(sentence: string): readonly string[] {
  const parts = sentence
    .split(JOINT)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return parts.length > PARTS_MAX ? [sentence] : parts;
}

/** The same, each such that it can be told by itself; one that cannot goes with the part before it, or the next. */
export function splitFullParts(
  sentence: string,
  isFull: (part: string) => boolean,
): readonly string[] {
  const full: string[] = [];
  let open = "";
  for (const part of splitParts(sentence)) {
    const whole = open === "" ? part : `${open}, ${part}`;
    open = "";
    if ((full.length > 0 || isStatement(whole)) && isFull(whole)) full.push(whole);
    else if (full.length > 0) full.push(`${full.pop() ?? ""}, ${whole}`);
    else open = whole;
  }
  return open === "" ? full : [...full, open];
}

/** Has it a word in small letters that may be a verb? What follows it may leave that out: `and Pro 12`. */
function isStatement(part: string): boolean {
  return /(?<![\p{L}\p{N}])(?:\p{Ll}{4,}|is|was|are|has|had)(?![\p{L}\p{N}])/u.test(part);
}
