/** Words that mean the opposite of each other: a short list of common pairs, most of them English. */
import { stemmer } from "stemmer";
import { listForms } from "./irregular-verbs.ts";
import { toWords } from "./words.ts";

const PAIRS = `increase decrease, rise fall, north south, northern southern, east west, eastern western, large small, larger
smaller, largest smallest, high low, higher lower, highest lowest, more less, most least, many few, before
after, begin end, start end, start stop, win lose, won lost, victory defeat, accept reject, allow forbid, allow
prohibit, support oppose, agree disagree, include exclude, enter leave, join leave, open close, early late,
earlier later, first last, above below, upper lower, old new, young old, rich poor, strong weak, stronger
weaker, positive negative, male female, man woman, men women, father mother, son daughter, brother sister,
husband wife, king queen, internal external, public private, formal informal, same different, similar different,
easy difficult, easy hard, fast slow, faster slower, long short, longer shorter, good bad, better worse, best
worst, light heavy, gain lose, buy sell, import export, attack defend, friend enemy, ally enemy, majority
minority, maximum minimum, inside outside, legal illegal, true false, major minor, common rare, simple complex,
ancient modern, past future, create destroy, build destroy, success failure, remember forget, love hate, arrive
depart, appear disappear, active passive, left right, always never, all none, urban rural, local foreign,
permanent temporary, physical mental, cold hot, cool warm, wet dry, dark light, day night, summer winter,
morning evening, land sea, enable disable, encrypt decrypt, read write, client server, synchronous asynchronous,
required optional, rise decline, increase decline, increase reduce, increase drop, grow shrink, grow decline,
expand contract, expand shrink, current former, conservative liberal, general specific, whole part, whole
partial, add subtract, multiply divide, support counter, win defeat, front behind, ahead behind, curved
straight, macro micro, push pull, accept refuse, confirm deny, admit deny, guilty innocent, birth death, born
died, marry divorce, hire dismiss, employ dismiss, ascend descend, peace war, departure arrival, enter exit,
profit loss, debit credit, upload download, input output, odd even, horizontal vertical, empty full, deep
shallow, wide narrow, thick thin, hard soft, rough smooth, clean dirty, safe dangerous, alive dead, live die,
online offline, static dynamic, serial parallel, singular plural, winner loser, proponent opponent, advocate
opponent, friend foe, domestic foreign, voluntary compulsory, mandatory optional, occasional constant, freeze
thaw, strengthen weaken, widen narrow, raise lower, encourage discourage, reward punish, praise criticise,
lossless lossy, single multiple, reject approve, approve refuse, permit forbid, permit prohibit, allow ban, permit ban,
because despite, cheap expensive, cheaper dearer, cheapest expensive, longest shortest, oldest youngest, oldest newest,
older younger, older newer, biggest smallest, bigger smaller, fastest slowest, earliest latest, hottest coldest, hotter
colder, warmest coolest, warmer cooler, heavier lighter, heaviest lightest, easier harder, easiest hardest, wider
narrower, widest narrowest, deeper shallower, deepest shallowest, thicker thinner, richer poorer, richest poorest,
strongest weakest, tallest shortest, taller shorter, nearest farthest, nearer farther, busiest quietest, louder quieter,
prevent cause, prevent promote, prevent permit, protect endanger, raise cut, increase cut, raise reduce, raise decrease,
rise cut, pass reject, pass block, approve block, grant deny, recover died, survive died, automatically manually,
automatic manual, often rarely, often seldom, often never, always rarely, always sometimes, frequently rarely, usually
rarely, succeed fail, landlord tenant, employer employee, buyer seller,
lender borrower, include exclude, included excluded, mandatory voluntary, midnight noon, weekday weekend, ally foe,
hire fire, deposit withdraw, cause cure, existing new, first
final, spring autumn, spring winter, spring summer, summer autumn, autumn winter, daily weekly, daily monthly, daily
yearly, daily hourly, weekly monthly, weekly yearly, monthly yearly, monthly quarterly, quarterly yearly, once twice,
erlaubt verboten, erlaubt untersagt, gestattet verboten, gestattet untersagt, zulässig unzulässig, geöffnet
geschlossen, offen geschlossen, steigt sinkt, steigen sinken, gestiegen gesunken, erhöht gesenkt, mindestens
höchstens, immer nie, gültig ungültig, enthalten ausgeschlossen, freiwillig verpflichtend, größer kleiner, mehr
weniger, vorher nachher, angenommen abgelehnt, genehmigt abgelehnt, kostenlos kostenpflichtig, autorisé interdit,
permis interdit, ouvert fermé, ouverte fermée, augmente diminue, inclus exclu, obligatoire facultatif, gratuit
payant, accepté refusé, avant après, permitido prohibido, abierto cerrado, abierta cerrada, aumenta disminuye,
incluido excluido, obligatorio opcional, gratuito pagado, aceptado rechazado, antes después, consentito vietato,
aperto chiuso, incluso escluso, add remove, introduce remove, submit withdraw, adopt withdraw, adopt reject, uphold dismiss, grant dismiss,
uphold overturn, meet miss, recommend avoid, quietest loudest, void valid, intact broken, double halve, double triple, triple halve,
upgrade downgrade, install uninstall, lock unlock, gross net, permit prohibit, spätestens frühestens, öffnen schließen,
öffnet schließt, stieg sank, stieg fiel, stiegen sanken, frühling herbst, frühjahr herbst, sommer winter, printemps automne, été hiver, primavera
otoño, verano invierno, máximo mínimo, maximum minimum, vendeur acheteur, vendedor comprador, разрешено запрещено, открыт закрыт, открыто закрыто`;

const OPPOSITES = new Map<string, Set<string>>();
for (const pair of PAIRS.split(/,\s*/u)) {
  const [all = [], others = []] = pair.split(/\s+/u).map(toFormStems);
  for (const [a, b] of all.flatMap((one) => others.map((other) => [one, other] as const))) {
    OPPOSITES.set(a, (OPPOSITES.get(a) ?? new Set()).add(b));
    OPPOSITES.set(b, (OPPOSITES.get(b) ?? new Set()).add(a));
  }
}

/** `Rose` is the opposite of `fell` as `rise` is of `fall`. */
function toFormStems(word: string): readonly string[] {
  return toWords(listForms(word).join(" ")).map(({ stem }) => stem);
}

/** Put before or behind a word, in English and in what it shares with its neighbours, they make the opposite. */
const DENYING = /^(?:(?:un|ir|il|non|dis)-?(?=.{4})|i[mn](?=.{5}))|(?<=.{4})less$/u;

/** Is one of them the other with a denying prefix, or with "less" behind it? `complete` and `incomplete`. */
export function isDenialOf(a: string, b: string): boolean {
  const [first, second] = [a.toLowerCase(), b.toLowerCase()];
  return takesBack(first, second) || takesBack(second, first);
}

/** Has the word what makes an opposite of another? */
export function mayDeny(word: string): boolean {
  return DENYING.test(word.toLowerCase());
}

function takesBack(denied: string, plain: string): boolean {
  const rest = denied.replace(DENYING, "");
  if (rest === denied) return false;
  const [own, other] = [stemmer(rest), stemmer(plain)];
  return (
    own === other || (isNearly(own, other) && Math.min(own.length, other.length) >= STEM_CHARS_MIN)
  );
}

/** Where the stemmer leaves one letter more: `focused` and `focus`. */
const STEM_CHARS_MIN = 4;

function isNearly(a: string, b: string): boolean {
  return Math.abs(a.length - b.length) === 1 && (a.startsWith(b) || b.startsWith(a));
}

/** Stems of the words that mean the opposite of the word with this stem; mostly none. */
export function oppositesOf(stem: string): Iterable<string> {
  return OPPOSITES.get(stem) ?? [];
}
