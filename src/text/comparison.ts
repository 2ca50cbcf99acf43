/** Questions that compare two things: `Is A heavier than B?` asks how heavy each of them is. */

/** What stands behind "how" for each: more of it, and less. */
const MEASURES: ReadonlyMap<string, string> = new Map(
  `heavy heavier lighter
expensive cheaper dearer pricier
long longer shorter
tall taller
high higher lower
wide wider broader narrower
deep deeper shallower
thick thicker thinner
far farther further
fast faster quicker slower
hot hotter warmer colder cooler
old older newer younger
big bigger larger smaller
loud louder quieter noisier
strong stronger weaker`
    .split("\n")
    .flatMap((line) => {
      const [measure = "", ...words] = line.split(" ");
      return words.map((word) => [word, measure] as const);
    }),
);
const COMPARATIVE = new RegExp(
  String.raw`(?<!(?<!\p{L})(?:no|any) )(?<!\p{L})(?:(?<word>${[...MEASURES.keys()].join("|")})|(?:more|less)(?: (?<adjective>expensive|accurate|precise|powerful))?|better|worse)(?!\p{L})`,
  "iu",
);
const NAME = String.raw`\p{Lu}[\p{L}\p{N}]*(?:[ -](?:\p{Lu}[\p{L}\p{N}]*|\p{N}[\p{N}.]*))*`;
/** Up to the first of these marks, and what may be chosen; in one pattern with the "or" it would take cubic time. */
const CHOICE = /^(\W*(?:which|what|who)\b[^,:]*(?:[,:](?!\s)[^,:]*)*)[,:]\s(.+)$/isu;
const OR = /^(.*?\S)\s+or\s(.*\S)/isu;
const NAMES = new RegExp(String.raw`(?<=\s)(${NAME}) or (?:the )?(${NAME})`, "u");
const THAN =
  /^(\W*(?:is|are|was|were|do|does|did|has|have|can|will)\s+)(.+?)\s+than\s+(.+?)\s*\?*$/iu;

/** The same question of each of the two things, or undefined where nothing is compared. */
export function splitComparison(question: string): readonly [string, string] | undefined {
  const both = splitBoth(question);
  if (both !== undefined) return both;
  if (!COMPARATIVE.test(question)) return undefined;
  const sides = splitChoice(question) ?? splitThan(question);
  return sides && [toMeasure(sides[0]), toMeasure(sides[1])];
}

const BOTH = /(?<!\s(?:they|we|you))\sboth\s/iu;
const ASKED_OF_BOTH = /^(\W*(?:is|are|was|were|do|does|did|have|has|can|will)\s)(.+)$/isu;

/** `Are A and B both C?` asks it of each. Where more than two are named, nobody can tell which belong together. */
function splitBoth(question: string): readonly [string, string] | undefined {
  const [head = "", rest, ...others] = question.split(BOTH);
  const [, verb = "", things = ""] = ASKED_OF_BOTH.exec(head) ?? [];
  const [one = "", other, ...more] = things.split(/\sand\s/iu);
  if (rest === undefined || other === undefined) return undefined;
  if (others.length > 0 || more.length > 0) return undefined;
  return [`${verb}${one.trim()} ${rest}`, `${verb}${other.trim()} ${rest}`];
}

function splitChoice(question: string): readonly [string, string] | undefined {
  const [, head, choices = ""] = CHOICE.exec(question) ?? [];
  const [, one, other] = OR.exec(choices.replace(/[\s?]+$/u, "")) ?? [];
  if (one !== undefined && other !== undefined)
    return [`${head} ${one.trim()}?`, `${head} ${other.trim()}?`];
  const names = NAMES.exec(question);
  if (names === null) return undefined;
  const put = (name = ""): string => question.replace(names[0], () => name);
  return [put(names[1]), put(names[2])];
}

/** The other thing has a name where the first has one, or all that is in its place. */
function splitThan(question: string): readonly [string, string] | undefined {
  const [, verb = "", head, rest = ""] = THAN.exec(question) ?? [];
  if (head === undefined) return undefined;
  const own = [...head.matchAll(new RegExp(NAME, "gu"))].at(-1)?.[0];
  const [other] = new RegExp(NAME, "u").exec(rest) ?? [];
  const isNamed = own !== undefined && other !== undefined;
  const [from, to] = isNamed ? [own, other] : [toSubject(verb, head), rest];
  // Not so `more than 500` and `longer than 8 hours`.
  if (from === "" || /^\p{N}/u.test(rest) || COMPARATIVE.test(from)) return undefined;
  return [`${verb}${head}?`, `${verb}${head.replace(from, () => to)}?`];
}

/** What is compared, behind its verb: all up to what is said of it, or the first word. */
function toSubject(verb: string, head: string): string {
  if (/^\W*(?:is|are|was|were)/iu.test(verb)) {
    return head.slice(0, COMPARATIVE.exec(head)?.index).trim();
  }
  return /^(?:(?:the|a|an) )?\S+/iu.exec(head)?.[0] ?? "";
}

const VERB = /\b(?:(costs?)|weighs?) (?:more|less)\b/iu;

function toMeasure(side: string): string {
  const said = side.replace(VERB, (_, cost?: string) =>
    cost === undefined ? "is heavier" : "is cheaper",
  );
  return said.replace(COMPARATIVE, (found, word?: string, adjective?: string) => {
    const measure = adjective ?? MEASURES.get(word?.toLowerCase() ?? "");
    return measure === undefined ? found : `how ${measure}`;
  });
}
