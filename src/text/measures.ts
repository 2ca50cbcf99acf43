/** What a question asks the measure of: `How heavy is it?` asks for a weight, though no answer says "heavy". */
import { toQuantities } from "./numbers.ts";
import { toKind, toUnit } from "./units.ts";
import { toWords, type Word } from "./words.ts";

/**
 * A line for each: what stands behind "how", in English, German, French and Spanish; words that stand for it in
 * an answer as well as in a question; words that only the question has; and the kinds of its units.
 */
const TABLE = `heavy schwer lourd lourde pesado pesada | weight weighs mass gewicht wiegt wiegen poids pèse peso pesa | | mass
expensive teuer cher chère caro cara | price cost costs preis preise kosten kostet prix coût coûte precio costo cuesta | | money
long lang longue larga | length duration dauer laufzeit durée longueur duración longitud | last lasts take takes | time length
longtemps lange | duration dauer laufzeit durée | last lasts take takes dauert | time
tall | height | | length
high hoch haut haute alto alta | height höhe hauteur altura | | 
wide broad breit ancho ancha | width breite largeur anchura | | length
deep tief profond profonde profundo profunda | depth tiefe profondeur profundidad | | length
thick dick épais épaisse | thickness dicke épaisseur grosor | | length
far weit loin lejos | distance range entfernung reichweite distancia alcance | go goes | length
fast quick schnell rapide rápido rápida | speed velocity geschwindigkeit tempo vitesse velocidad | go goes drive | length time
hot cold warm heiß kalt chaud froid | temperature temperatur température temperatura | | degree
old alt vieux | age born founded built alter âge edad | | time
big large groß grand grande | size dimensions area capacity diameter größe maße fläche dimension taille surface tamaño superficie | |
loud noisy laut bruyant | noise loudness sound lautstärke bruit ruido | | sound
accurate precise exact genau précis preciso | accuracy precision genauigkeit précision exactitude precisión | | share
powerful strong stark puissant potente | power leistung puissance potencia | | power
often frequently oft häufig souvent | frequency every daily weekly monthly yearly annually alle täglich monatlich tous toutes | | `;

const NONE: ReadonlySet<string> = new Set();

interface Line {
  readonly behindHow: ReadonlySet<string>;
  readonly words: ReadonlySet<string>;
  readonly idle: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

const LINES: readonly Line[] = TABLE.split("\n").map((line) => {
  const [behindHow = "", words = "", idle = "", kinds = ""] = line.split("|");
  const known = new Set(kinds.split(" ").filter((kind) => kind !== ""));
  return {
    behindHow: toStems(behindHow),
    words: toStems(words),
    idle: toStems(idle),
    kinds: known,
  };
});

function toStems(text: string): ReadonlySet<string> {
  return new Set(toWords(text).map(({ stem }) => stem));
}

export interface Measure {
  /** Stems of the question that any of the words stands for. */
  readonly asked: ReadonlySet<string>;
  readonly words: ReadonlySet<string>;
  /** Stems of the question that no answer needs to have. */
  readonly idle: ReadonlySet<string>;
  /** What is measured; none where an answer has no unit. */
  readonly kinds: ReadonlySet<string>;
}

const HOW = /^(?:how|wie|combien)$/iu;
/** How far ahead is a time. */
const AHEAD = /\bhow far (?:ahead|back|in advance)\b/iu;
/** They ask for an amount of what follows, by whatever word that has. */
const HOW_MUCH =
  /^\W*(?:how much|what (?:does|did)|wie ?viel|was(?= kostet| wiegt)|combien|cuánto)(?!\p{L})/iu;
/** The same, of what has a name; an answer may then leave out its unit. */
const WHAT = /^\W*(?:what (?:is|are|was|were)|was ist|quel(?:le)? est)(?!\p{L})/iu;

/** The measure that a question asks for, by its words. */
export function readMeasure(question: string): Measure | undefined {
  const words = toWords(question);
  const at = words.findIndex(({ surface }) => HOW.test(surface));
  const behind = AHEAD.test(question) ? "" : (words[at + 1]?.stem ?? "");
  const byHow = at === -1 ? undefined : LINES.find((line) => line.behindHow.has(behind));
  if (byHow !== undefined) return { ...byHow, asked: new Set([behind]) };
  const isAmount = HOW_MUCH.test(question);
  if (!isAmount && !WHAT.test(question)) return undefined;
  for (const line of LINES) {
    const asked = new Set(words.map(({ stem }) => stem)).intersection(line.words);
    if (asked.size > 0) return { ...line, asked, ...(isAmount ? {} : { kinds: NONE }) };
  }
  return undefined;
}

/** Does the text hold an amount of it? A unit that is spelt out may stand behind a number in words. */
export function holdsMeasure(text: string, { kinds }: Measure): boolean {
  const isKind = (unit: string | undefined): boolean =>
    unit !== undefined && kinds.has(toKind(unit) ?? "");
  return (
    toQuantities(text).some(({ unit }) => isKind(unit)) ||
    toWords(text).some(({ surface }) => surface.length >= UNIT_CHARS_MIN && isKind(toUnit(surface)))
  );
}

const UNIT_CHARS_MIN = 3;

/**
 * The stems of a text's words, and those of the question that they stand for. What stands behind "how" is there only
 * with an amount: heavy machinery has no weight yet.
 */
export function toMeasuredStems(
  { words, text }: { readonly words: readonly Word[]; readonly text: string },
  measure: Measure | undefined,
): ReadonlySet<string> {
  const stems = new Set(words.map(({ stem }) => stem));
  if (measure === undefined) return stems;
  const { asked, kinds } = measure;
  if (!stems.isDisjointFrom(measure.words)) return stems.union(asked);
  const isBare = kinds.size > 0 && !stems.isDisjointFrom(asked) && !holdsMeasure(text, measure);
  return isBare ? stems.difference(asked) : stems;
}
