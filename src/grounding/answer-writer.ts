/**
 * The one way from a model's words to a client: cleaned, cited, checked, and shown by the policy of the
 * request. Offsets of all events are into the text that is shown.
 */
import type { GroundingPolicy } from "../domain/ask.ts";
import type { Grounding, Passage, RunEvent } from "../domain/event.ts";
import { FENCE } from "../text/line-forms.ts";
import type { Span } from "../text/sentences.ts";
import { createHiddenFilter } from "../text/hidden-characters.ts";
import { createCitationParser } from "./write/citation-parser.ts";
import { createGround, type Ground, type Settled } from "./ground.ts";
import { createTelling } from "./telling.ts";
import { createWaitingFrames } from "./waiting-frames.ts";
import { withoutMarkers } from "./write/markers.ts";
import { createSanitizer } from "./write/sanitizer.ts";
import { createSecretGuard, type SecretGuard } from "./write/secret-guard.ts";
import { createSourceLinks, type SourceLinks } from "./write/source-links.ts";

export type WriterEvent = Extract<
  RunEvent,
  { readonly type: "text-delta" | "citation" | "sentence-check" }
>;

export interface AnswerWriterOptions {
  /** The context so far; their labels are what may be cited. */
  readonly passages: readonly Passage[];
  readonly policy: GroundingPolicy;
  /** What the prompt holds and no answer may: the fence, a canary. At least eight letters or digits each. */
  readonly secrets?: readonly string[];
}

export interface AnswerWriter {
  /** A secret was about to be shown: nothing more of this draft will be. */
  readonly hasLeaked: boolean;
  /** Takes the model's next words. */
  push(text: string): readonly WriterEvent[];
  /** Passages that came into the context meanwhile; from now on their labels may be cited. */
  addPassages(passages: readonly Passage[]): void;
  /** The model has finished. */
  end(): Written;
  /** The model has failed: what is still to be told of the sentences that were shown. */
  breakOff(): readonly WriterEvent[];
  /** Instead of the draft that `end` gave, more text follows, which then is shown without what is unsupported. */
  rewrite(): void;
  /** There will be no better draft: shows what is supported of it. */
  release(): Written;
}

export interface Written {
  readonly events: readonly WriterEvent[];
  /** `ungrounded` where nothing was shown. */
  readonly grounding: Grounding;
  /** Sentences that were left out. */
  readonly withheld: number;
  /** The answer was cut off before a secret. */
  readonly hasLeaked: boolean;
  /** Policy `repair`: what was not shown, from the first unsupported sentence on. */
  readonly draft?: Draft;
}

export interface Draft {
  readonly shown: string;
  readonly rest: string;
  readonly unsupported: readonly string[];
}

/** Creates a writer for one answer. Throws RangeError for a secret that is too short. */
export function createAnswerWriter(options: AnswerWriterOptions): AnswerWriter {
  return new PolicyWriter(options);
}

class PolicyWriter implements AnswerWriter {
  readonly #byLabel = new Map<number, Passage>();
  readonly #links = createSourceLinks();
  readonly #guard: SecretGuard;
  #policy: GroundingPolicy;
  #source: Source;
  /** `flag`: blanks before the first word. */
  #blank = "";
  #hasBegun = false;
  /** The rest is of `withhold` and `repair`. What was shown. */
  #shown = "";
  #withheld = 0;
  /** What was shown, as it is compared. */
  readonly #wordings: string[] = [];
  /** Cleaned text of the draft, and where in it the last sentence ended that was shown. */
  #text = "";
  #passed = 0;
  /** Blanks of the first draft before what the second one takes the place of. */
  #gap = "";
  readonly #frames = createWaitingFrames();
  /** The wordings of the first draft: what a second draft repeats of them is not shown again. */
  #said: ReadonlySet<string> = new Set();
  /** Sentences that wait for the end of the draft. */
  #queue: Settled[] = [];
  readonly #telling = createTelling();

  constructor({ passages, policy, secrets = [] }: AnswerWriterOptions) {
    this.#policy = policy;
    this.#guard = createSecretGuard(secrets);
    this.addPassages(passages);
    this.#source = this.#createSource();
  }

  get hasLeaked(): boolean {
    return this.#guard.hasLeaked;
  }

  addPassages(passages: readonly Passage[]): void {
    for (const passage of passages) this.#byLabel.set(passage.label, passage);
    this.#links.add(passages);
  }

  push(raw: string): readonly WriterEvent[] {
    const text = this.#source.clean(raw);
    if (text === "") return [];
    const shown = this.#take(text, this.#source.ground.push(text));
    return [...shown, ...this.#telling.tell()];
  }

  end(): Written {
    const { ground, finish } = this.#source;
    const text = finish();
    return this.#conclude(this.#take(text, [...ground.push(text), ...ground.end()]));
  }

  breakOff(): readonly WriterEvent[] {
    this.#source.ground.breakOff();
    return this.#telling.tell();
  }

  rewrite(): void {
    this.#policy = "withhold";
    this.#said = new Set(this.#wordings.filter((wording) => wording !== ""));
    const from = this.#queue[0]?.check.start ?? this.#text.length;
    this.#gap = this.#text.slice(this.#passed, from);
    [this.#queue, this.#text, this.#passed] = [[], "", 0];
    this.#source = this.#createSource();
  }

  release(): Written {
    this.#policy = "withhold";
    const waiting = this.#queue;
    this.#queue = [];
    return this.#conclude(waiting.flatMap((one) => this.#pass(one)));
  }

  #createSource(): Source {
    return createSource({
      byLabel: this.#byLabel,
      links: this.#links,
      guard: this.#guard,
      // A sentence that is left out may hold the end of some code: nothing is code for certain then.
      verbatimCode: this.#policy === "flag",
    });
  }

  /** Events for cleaned text and the sentences it settled, by the policy. */
  #take(text: string, settled: readonly Settled[]): readonly WriterEvent[] {
    if (this.#policy !== "flag") {
      this.#text += text;
      return settled.flatMap((one) => this.#pass(one));
    }
    // Blanks are not shown before the first word; offsets count them all the same.
    this.#blank += text;
    this.#hasBegun ||= this.#blank.trim() !== "";
    const fresh = this.#hasBegun ? this.#blank : "";
    if (this.#hasBegun) this.#blank = "";
    for (const one of settled) this.#telling.add(one, 0);
    return toDelta(fresh);
  }

  /** One sentence under `withhold` or `repair`. */
  #pass(settled: Settled): readonly WriterEvent[] {
    const { check } = settled;
    if (this.#policy === "repair" && (this.#queue.length > 0 || check.verdict === "unsupported")) {
      this.#queue.push(...this.#frames.undo(), settled);
      return [];
    }
    const sentence = this.#text.slice(check.start, check.end);
    const isRepeated = this.#said.has(toWording(sentence));
    if (check.verdict === "unsupported" || isRepeated) {
      if (!isRepeated) {
        this.#withheld += 1;
        this.#frames.leaveOut();
      }
      return [];
    }
    const isFrame = check.framing === true;
    const ready = isFrame
      ? this.#frames.add(settled, sentence)
      : [...this.#frames.take(sentence), settled];
    return ready.flatMap((one) => this.#show(one));
  }

  #show(settled: Settled): readonly WriterEvent[] {
    const { start, end } = settled.check;
    const sentence = this.#text.slice(start, end);
    const lead = this.#shown === "" ? "" : this.#toGap(settled.check);
    [this.#passed, this.#gap] = [end, ""];
    this.#wordings.push(toWording(sentence));
    const shift = this.#shown.length + lead.length - start;
    this.#shown += lead + sentence;
    this.#telling.add(settled, shift);
    return toDelta(lead + sentence);
  }

  /** The blanks before a sentence, or those before what was left out in front of it where they part more. */
  #toGap({ start, end }: Span): string {
    const between = this.#text.slice(this.#passed, start);
    const before = /^\s*/u.exec(between)?.[0] ?? "";
    const after = between.slice(between.trimEnd().length);
    const gaps = [after, before, this.#gap].toSorted((a, b) => countLines(b) - countLines(a));
    const gap = gaps.find((one) => one !== "") ?? " ";
    // A second draft may begin with a heading where the first one went on in its line.
    return !gap.includes("\n") && OWN_LINE.test(this.#text.slice(start, end)) ? "\n\n" : gap;
  }

  #conclude(shown: readonly WriterEvent[]): Written {
    const told = this.#telling.tell();
    // An answer of which all was left out is none.
    const isTold = this.#withheld === 0 || this.#telling.hasTold();
    const rest = isTold ? this.#frames.end() : [];
    const last = rest.flatMap((one) => this.#show(one));
    const events = [...shown, ...told, ...last, ...this.#telling.tell()];
    return {
      events,
      grounding: this.#telling.toGrounding(),
      withheld: this.#withheld,
      hasLeaked: this.#guard.hasLeaked,
      ...(this.#queue.length === 0 ? {} : { draft: this.#toDraft() }),
    };
  }

  #toDraft(): Draft {
    const read = ({ check }: Settled): string => this.#text.slice(check.start, check.end);
    return {
      shown: this.#shown,
      rest: this.#text.slice(this.#passed).trim(),
      unsupported: this.#queue.filter(({ check }) => check.verdict === "unsupported").map(read),
    };
  }
}

/** A heading, an entry of a list, a row, a quotation, code. */
const OWN_LINE = /^(?:#{1,6}\s|[-*+•‣◦>|]\s?|\d{1,3}[.)]\s|```|~~~)/u;

interface Source {
  /** Raw text in, what may be shown of it out. */
  readonly clean: (raw: string) => string;
  readonly finish: () => string;
  readonly ground: Ground;
}

/** From raw to cleaned text, and its sentences; made anew for a second draft. */
function createSource({
  byLabel,
  links,
  guard,
  verbatimCode,
}: {
  readonly byLabel: ReadonlyMap<number, Passage>;
  readonly links: SourceLinks;
  readonly guard: SecretGuard;
  readonly verbatimCode: boolean;
}): Source {
  const hidden = createHiddenFilter();
  const parser = createCitationParser((label) => byLabel.has(label), { verbatimCode });
  const sanitizer = createSanitizer({ links, verbatimCode });
  return {
    clean: (raw) => sanitizer.push(parser.push(guard.push(hidden.push(raw)))),
    finish: () =>
      sanitizer.push(parser.push(guard.end())) + sanitizer.push(parser.end()) + sanitizer.end(),
    ground: createGround(byLabel),
  };
}

function countLines(blanks: string): number {
  return blanks.split("\n").length;
}

/** What a sentence says, without its citations. Empty where it has no word, as a line of marks, and of a fence. */
function toWording(sentence: string): string {
  if (FENCE.test(sentence)) return "";
  const words = withoutMarkers(sentence).replaceAll(/\s+/gu, " ").trim().toLowerCase();
  return /[\p{L}\p{N}]/u.test(words) ? words : "";
}

function toDelta(text: string): readonly WriterEvent[] {
  return text === "" ? [] : [{ type: "text-delta", text }];
}
