/** Numbers in words, and the scales behind a number: `twelve`, `5 million`, `one hundred and fifty`, `1万5000`. */

const SMALL =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen";
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety";
/** Of 1 to 12. */
export const ORDINALS =
  "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth";
/** Of other languages; left out is what is another word there or in English as often: `due`, `once`, `neuf`, `elf`. */
const OTHERS = listWords({
  2: "zwei deux twee dois",
  3: "drei trois drie tres três",
  4: "vier cuatro quattro quatro",
  5: "fünf cinq vijf cinco cinque",
  6: "sechs seis",
  7: "sieben siete sette zeven",
  8: "huit ocho otto oito",
  9: "neun nueve negen nove",
  10: "zehn diez tien dieci dez",
  12: "zwölf douze doce twaalf dodici doze",
});
/** In all of their endings; left out is what is mostly another word: `achte`. */
export const GERMAN_ORDINALS: readonly (readonly [string, number])[] = [
  ["erst", 1],
  ["zweit", 2],
  ["dritt", 3],
  ["viert", 4],
  ["fünft", 5],
  ["sechst", 6],
  ["siebt", 7],
  ["neunt", 9],
  ["zehnt", 10],
].flatMap(([stem = "", value = 0]) =>
  ["e", "en", "er", "es", "em"].map((ending) => [`${stem}${ending}`, Number(value)] as const),
);
/** Without `segundo` and `cuarto`. */
const ROMANCE_ORDINALS = listWords({
  1: "premier première primer primero primera",
  2: "deuxième",
  3: "troisième tercer tercero tercera",
  4: "quatrième",
  5: "cinquième quinto quinta",
  6: "sixième sexto sexta",
});
export const HALF = 0.5;
export const WORDS: ReadonlyMap<string, number> = new Map([
  ...SMALL.split(" ").map((word, index) => [word, index] as const),
  ...TENS.split(" ").map((word, index) => [word, (index + 2) * 10] as const),
  ...ORDINALS.split(" ").map((word, index) => [word, index + 1] as const),
  ...OTHERS,
  ...GERMAN_ORDINALS,
  ...ROMANCE_ORDINALS,
  ["dozen", 12],
  ["half a", HALF],
  ["half an", HALF],
]);
const SCALES: ReadonlyMap<string, number> = new Map(
  `1e2 hundred
1e3 thousand tausend mille mil mila тыс тысяч тысячи
1e6 million mio millionen millions millón millones milione milioni milhão milhões млн миллион миллиона миллионов
1e9 billion mrd milliarde milliarden milliard milliards miliardo miliardi млрд миллиард миллиарда миллиардов
1e12 trillion billionen billones
1e2 百
1e3 千 천
1e4 万 萬 만
1e8 亿 億 억`
    .split("\n")
    .flatMap((line) => {
      const [factor, ...words] = line.split(" ");
      return words.map((word) => [word, Number(factor)] as const);
    }),
);
/** No longer than the longest of them: text without blanks would be read to its end for each of its numbers. */
const SCALE = /[\s-]?(?:(?<run>[百千万萬亿億천만억])|(?<word>\p{L}{3,12})(?!\p{L}))/iuy;
/** `1万5000` goes on behind its scale. */
const REST = /\d{1,4}(?!\d)/y;
/** `one hundred and fifty` too. */
const REST_WORDS = new RegExp(
  String.raw`\s(?:and\s)?(?<tens>${TENS.replaceAll(" ", "|")}|${SMALL.split(" ").slice(1).join("|")})(?:[-\s](?<ones>${SMALL.split(" ").slice(1, 10).join("|")}))?(?![\p{L}\p{N}])`,
  "iuy",
);

/** Each word with its value. */
function listWords(
  byValue: Readonly<Record<number, string>>,
): readonly (readonly [string, number])[] {
  return Object.entries(byValue).flatMap(([value, words]) =>
    words.split(" ").map((word) => [word, Number(value)] as const),
  );
}

/** The value of a word, 0 of none. */
export function toSmall(word: string | undefined): number {
  return WORDS.get(word?.toLowerCase() ?? "") ?? 0;
}

export interface Scale {
  readonly factor: number;
  /** What stands behind the scale and is added. */
  readonly rest: number;
  readonly end: number;
  /** Where that ends which is written right into the number: `万`. */
  readonly runEnd: number;
}

/** The scales that begin at `from`, right behind a number. */
export function readScale(text: string, from: number): Scale {
  let [factor, rest, end, runEnd] = [1, 0, from, 0];
  for (;;) {
    SCALE.lastIndex = end;
    const { run, word } = SCALE.exec(text)?.groups ?? {};
    const own = SCALES.get(run ?? word?.toLowerCase() ?? "");
    if (own === undefined) return { factor, rest, end, runEnd };
    [factor, rest] = [factor * own, rest * own];
    end = SCALE.lastIndex;
    if (run !== undefined) runEnd = end;
    const added = run === undefined ? readRestWords(text, end, word) : readRest(text, end);
    if (added === undefined) continue;
    rest += added.value;
    end = added.end;
    runEnd = end;
    if (run !== undefined) return { factor, rest, end, runEnd };
  }
}

interface Rest {
  readonly value: number;
  readonly end: number;
}

function readRest(text: string, from: number): Rest | undefined {
  REST.lastIndex = from;
  const digits = REST.exec(text)?.[0];
  return digits === undefined ? undefined : { value: Number(digits), end: REST.lastIndex };
}

function readRestWords(text: string, from: number, scale = ""): Rest | undefined {
  if (scale.toLowerCase() !== "hundred") return undefined;
  REST_WORDS.lastIndex = from;
  const { tens, ones } = REST_WORDS.exec(text)?.groups ?? {};
  if (tens === undefined) return undefined;
  return { value: toSmall(tens) + toSmall(ones), end: REST_WORDS.lastIndex };
}
