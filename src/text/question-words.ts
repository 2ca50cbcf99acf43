/** The words of a question that its answer can be told by: not those that merely ask, in English or a language near it. */
import { readKinds } from "./kinds.ts";
import { readMeasure } from "./measures.ts";
import { isFunctionStem, toWords, type Word } from "./words.ts";

/** Words of little meaning, by language. Only a question of that language is without them: `die` and `comment` mean something in English. */
const LITTLE: readonly ReadonlySet<string>[] = [
  "wie wo wann wer wen wem wessen was warum weshalb wieso welche welcher welches welchen welchem viel viele ist sind war waren wird werden wurde wurden hat haben habe hatte kann können muss müssen darf dürfen soll sollen ich du er sie es wir ihr mich mir uns mein meine der die das dem den des ein eine einen einem einer eines und oder für mit von bei zu zum zur im in am an auf aus nach über unter um als auch gibt man sich bitte dieser diese dieses ab bis vor",
  "quel quelle quels quelles combien comment pourquoi quand où qui que quoi est sont était a ont à la le les un une des du de et pour par dans sur avec au aux en il elle on nous vous ils elles ce cette ces mon ma mes son sa ses leur faut doit peut je tu se y",
  "que qué cual cuál cuáles cuanto cuánto cuánta cuántos cuántas como cómo donde dónde cuando cuándo quien quién quiénes por para es son fue fueron era eran ha han el la los las un una unos unas de del al y o en con se su sus le les lo mi tu",
  "che quale quali quanto quanta quanti quante come dove quando chi perché è sono era il lo la i gli le un uno una di del della dei delle da in con su per al alla nel nella si a ha hanno",
  "que qual quais quanto quanta quantos quantas como onde quando quem por porque para é são foi o os as um uma de do da dos das em na nos nas com se ao",
  "wat wie waar wanneer waarom hoe hoeveel welke welk is zijn was waren wordt worden heeft hebben kan kunnen moet moeten mag mogen ik je u hij zij het wij we de een en of voor met van bij te tot in op aan uit naar over onder er",
].map((words) => new Set(words.split(" ").map(toStem)));
const LITTLE_MIN = 2;
/** What a question begins with that wants something told. */
const TELL =
  /^\W*(?:please\s+)?(?:list|show|name|tell|give|describe|explain)(?:\s+(?:me|us))?\s+/iu;

function toStem(word: string): string {
  return toWords(word)[0]?.stem ?? word;
}

/** The words of meaning, in order. */
export function toQuestionWords(question: string): readonly Word[] {
  const all = toWords(question);
  const little = findLittle(all);
  const idle = readMeasure(question)?.idle ?? readKinds(question)?.idle;
  const from = TELL.exec(question)?.[0].length ?? 0;
  const left = all.filter(
    ({ stem, start }) =>
      start >= from &&
      !isFunctionStem(stem) &&
      little?.has(stem) !== true &&
      idle?.has(stem) !== true,
  );
  return left.length > 0 ? left : all.filter(({ stem }) => !isFunctionStem(stem));
}

/** Of the language that more of the words belong to than to any other, and than to English. */
function findLittle(words: readonly Word[]): ReadonlySet<string> | undefined {
  const count = (isLittle: (stem: string) => boolean): number =>
    words.filter(({ stem }) => isLittle(stem)).length;
  let most = Math.max(LITTLE_MIN - 1, count(isFunctionStem));
  let found: ReadonlySet<string> | undefined;
  for (const little of LITTLE) {
    const own = count((stem) => little.has(stem));
    if (own > most) [most, found] = [own, little];
  }
  return found;
}

/** Asks whether something is so, and not which of two it is. */
const WHETHER =
  /^\W*(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had)\b(?!.*\bor\b)/iu;

/** Is the answer to an English question yes or no? */
export function asksWhether(question: string): boolean {
  return WHETHER.test(question);
}
