/** Blocks of code with what leads in to them: what "To stop after the first failure, use:" announces is the answer. */
import type { Passage } from "../domain/event.ts";
import { HEADING } from "../text/line-forms.ts";
import type { Span } from "../text/sentences.ts";
import { toWords, type Word } from "../text/words.ts";
import { toLead } from "./lists.ts";
import type { Candidate } from "./sentence-features.ts";

const FENCED =
  /^([^\S\n]*)(`{3,}(?!`)|~{3,}(?!~))[^\S\n]*([\w+#.-]*)[^\n`]*\n(?:([^]*?)\n)??[^\S\n]*\2[`~]*[^\S\n]*$/gm;
/** After a paragraph and a blank line, lines that are indented by four blanks or a tab. */
const INDENTED =
  /(?<=\S[^\S\n]*\n[^\S\n]*\n)(?:(?: {4}|\t)[^\n]*\S[^\n]*(?:\n(?:[^\S\n]*\n)*(?= {4}|\t))?)+/g;
/** Indented too: a quotation in a plain text. */
const PROSE = /^["“„]?\p{Lu}\p{Ll}[^]*[.!?]["”]?$/u;
/** Signs that prose lacks, and options: `--soft`. */
const SIGNS = /[{}[\]=<>$^\\|`]|;$|\p{L}\(|(?:^|\s)--?\p{L}|\p{L}_\p{L}/mu;
const INDENTED_OR_ITEM = /^(?:\s|(?:[-*+•‣◦]|\(?(?:\p{Nd}{1,3}|[A-Za-z])[.)])\s)/u;

export interface Code {
  /** What leads in to it and belongs to the quotation; empty where a heading does. */
  readonly opening: string;
  /** The code between fences, not indented. */
  readonly shown: string;
  /** Its lines state nothing by themselves; those of a plain text's opening hours do, which are indented too. */
  readonly isSure: boolean;
}

interface Block extends Span {
  readonly language: string;
  readonly lines: string;
  readonly isFenced: boolean;
}

/**
 * A candidate for each whole block of code of the passage: with the sentence that ends in a colon right above it, or,
 * right below its heading, alone. `all`: every sentence of the passage, in order.
 */
export function findCode(passage: Passage, all: readonly Candidate[]): readonly Candidate[] {
  return findBlocks(passage.text).flatMap((block) => {
    const first = all.find(({ start }) => start - passage.start >= block.start);
    const above = first === undefined ? undefined : all[first.position - 1];
    const lead = first === undefined ? undefined : toLead(above, first);
    if (first === undefined || lead === undefined) return [];
    const { quoted } = lead;
    if (!block.isFenced && (quoted === undefined || isInList(quoted))) return [];
    const { start, position } = quoted ?? first;
    const end = passage.start + block.end;
    const text = passage.text.slice(start - passage.start, block.end);
    const place = { passage, section: first.section, position, start, end };
    const code = { opening: quoted?.text ?? "", shown: toFence(block), isSure: isSure(block) };
    return [{ ...place, text, words: toWords(text), lead: toWordsOfLead(lead, all), code }];
  });
}

/** Where an opening stands right below a heading, both say what the code does: "Use:" says nothing alone. */
function toWordsOfLead(
  { words, quoted }: { readonly words: readonly Word[]; readonly quoted?: Candidate },
  all: readonly Candidate[],
): readonly Word[] {
  const before = quoted === undefined ? undefined : all[quoted.position - 1];
  return before !== undefined && HEADING.test(before.text) ? [...before.words, ...words] : words;
}

function findBlocks(text: string): readonly Block[] {
  const fenced = Array.from(text.matchAll(FENCED), (match): Block => {
    const [whole, indent = "", , language = "", lines = ""] = match;
    const start = match.index + indent.length;
    return { start, end: match.index + whole.length, language, lines, isFenced: true };
  });
  const indented = Array.from(text.matchAll(INDENTED), ({ 0: lines, index: start }): Block => {
    const end = start + lines.trimEnd().length;
    return { start, end, language: "", lines: text.slice(start, end), isFenced: false };
  });
  const isOfNone = ({ start }: Block): boolean =>
    !fenced.some((one) => start > one.start && start < one.end);
  return [...fenced, ...indented.filter(isOfNone)].filter(({ lines, isFenced }) => {
    const code = lines.trim();
    return code !== "" && (isFenced || !PROSE.test(code));
  });
}

function isSure({ isFenced, lines }: Block): boolean {
  return isFenced || SIGNS.test(lines);
}

/** There, lines are indented because they go on with an item. */
function isInList({ passage, start, text }: Candidate): boolean {
  const above = passage.text.slice(0, start - passage.start);
  const line = `${above.slice(above.lastIndexOf("\n") + 1)}${text}`;
  return line.split("\n").some((one) => INDENTED_OR_ITEM.test(one));
}

/** The lines without what all of them are indented by, in a fence that none of them ends. */
function toFence({ language, lines }: Block): string {
  const all = lines.split("\n");
  const indents = all.flatMap((line) =>
    line.trim() === "" ? [] : (/^\s*/.exec(line)?.[0].length ?? 0),
  );
  const code = all.map((line) => line.slice(Math.min(...indents)).trimEnd()).join("\n");
  const longest = Math.max(2, ...Array.from(code.matchAll(/`+/g), ([run]) => run.length));
  const mark = "`".repeat(longest + 1);
  return `${mark}${language}\n${code}\n${mark}`;
}
