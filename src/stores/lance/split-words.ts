/** The words of a text as LanceDB's tokenizers find them, and those that its English analysis leaves out. */
import type { CollectionSpec } from "../../domain/collection.ts";

const WORD = /[\p{Alphabetic}\p{N}]+/gu;
const STOP_WORDS =
  "i me my myself we our ours you your yours yourself he him his himself she her hers herself it " +
  "its itself they them their theirs what which who whom this that these those am is are was were " +
  "be been being have has had having do did doing a an the and but if or as until while of at by " +
  "for with about against between into through after below to from up down in out on off over " +
  "under again further then here there when where how all both each few more most other others some such " +
  "no nor not own owns same so than too s t can will just don should now d ll m o re ve y ain aren " +
  "couldn didn doesn hadn hasn haven isn ma mightn mustn needn shan shouldn wasn weren won wouldn";
/** In lower case. */
export const STOPPED: ReadonlySet<string> = new Set(STOP_WORDS.split(" "));

/** In order, with repetitions. */
export function splitWords(
  text: string,
  tokenizer: CollectionSpec["tokenizer"],
): readonly string[] {
  const whole = text.toWellFormed();
  if (tokenizer === "words") return whole.match(WORD) ?? [];
  const segments = new Intl.Segmenter("und", { granularity: "word" }).segment(whole);
  return [...segments].flatMap(({ segment, isWordLike }) => (isWordLike === true ? segment : []));
}
