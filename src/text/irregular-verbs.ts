/** Forms of common English verbs that no stemmer brings together. */

/** Each entry begins with the verb itself. */
const FORMS = `arise arose arisen, awake awoke, beat beaten, become became, begin began begun, bind bound, bite bit bitten, blow blew blown,
break broke broken, breed bred, bring brought, build built, buy bought, catch caught, choose chose chosen, cling clung,
come came, creep crept, deal dealt, dig dug, draw drew drawn, drink drank drunk, drive drove driven, eat ate eaten,
fall fell fallen, feed fed, feel felt, fight fought, find found, flee fled, fly flew flown, forbid forbade forbidden,
forget forgot forgotten, freeze froze frozen, get got gotten, give gave given, go went gone, grow grew grown, hang hung,
hear heard, hide hid hidden, hold held, keep kept, know knew known, lay laid, lead led, leave left, lend lent, lose lost,
make made, mean meant, meet met, pay paid, ride rode ridden, ring rang rung, rise rose risen, run ran, say said, see saw seen,
seek sought, sell sold, send sent, shake shook shaken, shoot shot, show shown, sing sang sung, sink sank sunk, sit sat,
sleep slept, speak spoke spoken, spend spent, spin spun, stand stood, steal stole stolen, stick stuck, strike struck,
swear swore sworn, sweep swept, swim swam swum, take took taken, teach taught, tear tore torn, tell told, think thought,
throw threw thrown, understand understood, wake woke woken, wear wore worn, weave wove woven, win won, withdraw withdrew withdrawn,
write wrote written`;

const VERBS: ReadonlyMap<string, string> = new Map(
  FORMS.split(/,\s*/u).flatMap((line) => {
    const [verb = "", ...others] = line.split(" ");
    return others.map((form) => [form, verb] as const);
  }),
);

/** The verb of which this is a form, in small letters; the word itself for every other word. */
export function toVerb(word: string): string {
  const small = word.toLowerCase();
  return VERBS.get(small) ?? small;
}

/** All forms of the verb, this one first. */
export function listForms(verb: string): readonly string[] {
  return [verb, ...[...VERBS].flatMap(([form, of]) => (of === verb ? [form] : []))];
}

/** Not `need`, `speed`, `exceed`. */
const PAST = /^(?!hundred$)(?=\p{Ll}{4})\p{Ll}*(?:[^e]|agre|fre|decre|nte)ed$/u;

/** Has the word the form of a verb that tells of something past or done? */
export function isPastForm(word: string): boolean {
  return PAST.test(word) || (/^\p{Ll}/u.test(word) && toVerb(word) !== word);
}
