/** What a question in English asks about, by its form: what is counted, priced or told of something. A text that knows nothing of it cannot answer. */

/** Up to three words in small letters: a name may be spelt out where it is answered. */
const THING = String.raw`(?<thing>(?:\p{Ll}+[ -]){0,2}?\p{Ll}+)`;
const ARTICLE = "(?:the |an? |my |our )?";
const DOES = "(?:do|does|did|can|could|may|must|should|would)";
/** Where a thing may end that is told of something else. */
const OF = String.raw`(?= (?:of|for|in|on|at|to|per|from|with|during|an?)\b|\s*\?|\s*$)`;

const COUNTED =
  /\bhow (?:many|much) (?!(?:is|are|was|were|do|does|did|can|could|may|might|must|should|will|would|has|have|had|of|more|less|longer|time|money|space|room)\b)(?<thing>\p{Ll}{3,})(?!\p{L})/u;
const CHOSEN = new RegExp(
  String.raw`\b(?:what|which) (?!${DOES}\b)${THING}(?= (?:${DOES}|has|have|had)\b)`,
  "u",
);
/** `poison` of "what kind of poison was it". */
const KIND = /\b(?:what|which) (?:kind|type|sort)s? of (?<thing>\p{Ll}{3,})(?!\p{L})/u;
const ATTRIBUTE = new RegExp(
  String.raw`\b(?:what|which)(?: is| was| are| were|['’]s) (?:the|its|their|your|his|her) ${THING}${OF}`,
  "u",
);
/** Told without being named: a sentence that says why something was done tells its purpose. */
const UNNAMED =
  /(?:^|[ -])(?:name|number|amount|value|total|kind|type|title|term|word|nickname|meaning|definition|purpose|objective|goal|aim|function|role|point|idea|cause|reason|factor|effect|result|outcome|consequence|impact|significance|origin|view|opinion|position|confusion|problem|issue|difference|relationship|nature|fate|plot|story|theme|job|profession|occupation|nationality|part|portion|share)s?$/u;

/** `allowance` of "how much is the parental allowance", `tent` of "what does a tent cost": the last word. */
const PRICED = [
  new RegExp(String.raw`\bhow much (?:is|are|was|were) ${ARTICLE}${THING}${OF}`, "u"),
  new RegExp(String.raw`\b(?:how much|what) ${DOES} ${ARTICLE}${THING} cost\b`, "u"),
];
/** `mattresses` of "how long is the warranty for mattresses". */
const MEANT = new RegExp(
  String.raw`\b(?:how (?:much|many|long|often|far|high|large)|what(?: is| are|['’]s))\b.* (?:for|towards?) ${ARTICLE}${THING}\s*\?`,
  "u",
);
/** `interns` of "how many days of leave do interns have". */
const SUBJECT = new RegExp(
  String.raw`^\W*how (?:many|much|long|often)\b.*? ${DOES} ${ARTICLE}(?!(?:they|this|that|these|those|there|people|someone|anyone|everyone|some|others?|your|their)\b)(?<thing>\p{Ll}{4,})\b`,
  "u",
);

/** What is to be counted, or told the amount of: `rooms` of "how many rooms". */
export function findCounted(question: string): string | undefined {
  return find(COUNTED, question);
}

/** What the answer is one of: `voltage` of "what voltage does it need". */
export function findChosen(question: string): string | undefined {
  return find(CHOSEN, question);
}

/** What has to be known to answer, a word or several, any of which may be known: what is counted, priced or told, what the kind of, and of whom. */
export function listAsked(question: string): readonly string[] {
  const attribute = find(ATTRIBUTE, question);
  const priced = PRICED.map((one) => find(one, question)?.split(/[ -]/u).at(-1));
  return [
    findCounted(question),
    find(KIND, question),
    attribute === undefined || UNNAMED.test(attribute) ? undefined : attribute,
    ...priced,
    find(MEANT, question),
    find(SUBJECT, question),
  ].filter((thing) => thing !== undefined);
}

function find(form: RegExp, question: string): string | undefined {
  const asked = question.replace(/^\P{L}*\p{Lu}/u, (start) => start.toLowerCase());
  return form.exec(asked)?.groups?.["thing"];
}
