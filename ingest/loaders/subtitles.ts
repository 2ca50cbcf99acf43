/** Subtitles and transcripts of meetings (SRT, WebVTT): what is said, in paragraphs that are each headed by their time. */
import type { Section } from "../document.ts";
import { stripHidden } from "./hidden-text.ts";
import { toDocumentEvent, toProblem } from "./load-event.ts";
import { joinParts } from "./text-parts.ts";
import { createTextLoader } from "./text-loader.ts";
import { toFileTitle } from "./titles.ts";

/** `00:01:02,000 --> 00:01:05,000`, in WebVTT also `01:02.000`. */
const TIME = /^\s*(?:(\d{1,3}):)?(\d{2}):(\d{2})[.,]\d{3}\s+-->/;
const SPEAKER = /<v(?:\.[^<>\s]*)?\s+([^<>\s][^<>]*)>/g;
const MARKUP = /<[^<>]*>|\{\\[^{}]*\}/g;
/** A paragraph ends with the first sentence that ends this much after its beginning, or with the longest that it may be. */
const PARAGRAPH_SECONDS = 60;
const PARAGRAPH_SECONDS_MAX = 120;
const SENTENCE_END = /[.!?…。？！]["”»]?$/;

interface Paragraph {
  readonly seconds: number;
  readonly lines: string[];
}

export const loadSubtitles = createTextLoader((text, file) => {
  const paragraphs = readParagraphs(text);
  if (paragraphs.length === 0) {
    return [toProblem(file.id, "no-text", "holds no subtitles with times; save it anew")];
  }
  const parts = paragraphs.map(({ seconds, lines }) => {
    const sections: readonly Section[] = [{ start: 0, headings: [toTime(seconds)] }];
    return { text: lines.join("\n"), sections };
  });
  const title = toFileTitle(file.id);
  return [toDocumentEvent(file, { title, ...joinParts(parts), kind: "prose" })];
});

function readParagraphs(text: string): readonly Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let last = "";
  for (const { seconds, words } of readLines(text)) {
    // Those that a machine wrote show each line twice, so that they roll up.
    if (words === last) continue;
    const open = paragraphs.at(-1);
    const passed = open === undefined ? Infinity : seconds - open.seconds;
    const most = SENTENCE_END.test(last) ? PARAGRAPH_SECONDS : PARAGRAPH_SECONDS_MAX;
    if (open === undefined || passed >= most) paragraphs.push({ seconds, lines: [words] });
    else open.lines.push(words);
    last = words;
  }
  return paragraphs;
}

interface Line {
  readonly seconds: number;
  readonly words: string;
}

/** Comments, styles and the numbers of subtitles have no time and are passed over. */
function* readLines(text: string): Generator<Line> {
  for (const block of text.split(/\r?\n[^\S\r\n]*\r?\n/)) {
    const lines = block.split(/\r?\n/);
    const at = lines.findIndex((line) => TIME.test(line));
    const [, hours = "0", minutes = "0", rest = "0"] = TIME.exec(lines[at] ?? "") ?? [];
    const seconds = Number(hours) * 3_600 + Number(minutes) * 60 + Number(rest);
    for (const line of at === -1 ? [] : lines.slice(at + 1)) {
      const words = toWords(line);
      if (words !== "") yield { seconds, words };
    }
  }
}

function toWords(line: string): string {
  const plain = line.replace(SPEAKER, "$1: ").replace(MARKUP, "");
  return stripHidden(plain)
    .replace(/&(amp|lt|gt|nbsp);/g, (_, name: string) => ENTITIES[name] ?? "")
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", nbsp: " " };

/** `1:02:05` */
function toTime(seconds: number): string {
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  return [Math.floor(seconds / 3_600), ...parts.map((part) => String(part).padStart(2, "0"))].join(
    ":",
  );
}
