/**
 * The one way from a model's words to a client: cleaned, cited, checked, and shown by the policy of the
 * request. Offsets of all events are into the text that is shown.
 */
import type { GroundingPolicy } from "../domain/ask.ts";
import type { Grounding, Passage, RunEvent } from "../domain/event.ts";
import { createHiddenFilter } from "../text/hidden-characters.ts";
import { createCitationParser } from "./citation-parser.ts";
import { createGround, type Settled } from "./ground.ts";
import { createSanitizer } from "./sanitizer.ts";
import { createSecretGuard } from "./secret-guard.ts";
import { createSourceLinks } from "./source-links.ts";

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
  /** Takes the model's next words. */
  push(text: string): readonly WriterEvent[];
  /** Passages that came into the context meanwhile; from now on their labels may be cited. */
  addPassages(passages: readonly Passage[]): void;
  /** The model has finished. */
  end(): Written;
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

/** Creates a writer for one answer. */
export function createAnswerWriter(options: AnswerWriterOptions): AnswerWriter {
  const { secrets = [] } = options;
  const byLabel = new Map<number, Passage>();
  const links = createSourceLinks();
  const guard = createSecretGuard(secrets);
  let policy = options.policy;
  let source = createSource();
  /** Sentences that wait for the end of the draft. */
  let queue: Settled[] = [];
  /** What was shown under `withhold` and `repair`. */
  let shown = "";
  let hasBegun = false;
  let blank = "";
  let withheld = 0;
  const verdicts: Settled["check"]["verdict"][] = [];

  /** From raw to cleaned text, and its sentences. Made anew for a second draft. */
  function createSource() {
    const hidden = createHiddenFilter();
    const parser = createCitationParser((label) => byLabel.has(label));
    // A sentence that is left out may hold the end of some code: nothing is code for certain then.
    const sanitizer = createSanitizer({ links, verbatimCode: options.policy === "flag" });
    return {
      clean: (raw: string) => sanitizer.push(parser.push(guard.push(hidden.push(raw)))),
      finish: () =>
        sanitizer.push(parser.push(guard.end())) + sanitizer.push(parser.end()) + sanitizer.end(),
      ground: createGround(byLabel),
      text: "",
      /** Where in `text` the last sentence ended that was shown or left out. */
      passed: 0,
      /** Blanks before the next sentence, kept from one that was left out. */
      gap: "",
    };
  }

  const addPassages = (passages: readonly Passage[]): void => {
    for (const passage of passages) byLabel.set(passage.label, passage);
    links.add(passages);
  };
  addPassages(options.passages);

  /** Takes cleaned text and what it settled; gives the events by the policy. */
  const take = (text: string, settle: () => readonly Settled[]): WriterEvent[] => {
    if (policy !== "flag") {
      source.text += text;
      return settle().flatMap(pass);
    }
    // Blanks are not shown before the first word; offsets count them all the same.
    blank += text;
    const fresh = hasBegun || blank.trim() !== "" ? blank : "";
    if (fresh !== "") [blank, hasBegun] = ["", true];
    const settled = settle();
    verdicts.push(...settled.map(({ check }) => check.verdict));
    return [...toDelta(fresh), ...settled.flatMap((one) => toEvents(one, 0))];
  };

  /** One sentence under `withhold` or `repair`. */
  const pass = (settled: Settled): readonly WriterEvent[] => {
    const { check } = settled;
    if (policy === "repair" && (queue.length > 0 || check.verdict === "unsupported")) {
      queue.push(settled);
      return [];
    }
    const gap = source.text.slice(source.passed, check.start) || source.gap;
    source.passed = check.end;
    source.gap = gap;
    if (check.verdict === "unsupported") {
      withheld += 1;
      return [];
    }
    const lead = shown === "" ? "" : gap || " ";
    const sentence = source.text.slice(check.start, check.end);
    const shift = shown.length + lead.length - check.start;
    shown += lead + sentence;
    source.gap = "";
    verdicts.push(check.verdict);
    return [...toDelta(lead + sentence), ...toEvents(settled, shift)];
  };

  const conclude = (events: readonly WriterEvent[]): Written => ({
    events,
    grounding: toGrounding(verdicts),
    withheld,
    hasLeaked: guard.hasLeaked,
    ...(queue.length === 0 ? {} : { draft: toDraft() }),
  });

  const toDraft = (): Draft => {
    const read = ({ check }: Settled): string => source.text.slice(check.start, check.end);
    const unsupported = queue.filter(({ check }) => check.verdict === "unsupported").map(read);
    return { shown, rest: source.text.slice(source.passed).trim(), unsupported };
  };

  return {
    addPassages,
    push(raw) {
      const text = source.clean(raw);
      return text === "" ? [] : take(text, () => source.ground.push(text));
    },
    end() {
      const text = source.finish();
      return conclude(take(text, () => [...source.ground.push(text), ...source.ground.end()]));
    },
    rewrite() {
      policy = "withhold";
      queue = [];
      source = createSource();
    },
    release() {
      policy = "withhold";
      const waiting = queue;
      queue = [];
      return conclude(waiting.flatMap(pass));
    },
  };
}

function toDelta(text: string): readonly WriterEvent[] {
  return text === "" ? [] : [{ type: "text-delta", text }];
}

function toEvents({ check, citations }: Settled, shift: number): readonly WriterEvent[] {
  const move = <T extends { readonly start: number; readonly end: number }>(span: T): T => ({
    ...span,
    start: span.start + shift,
    end: span.end + shift,
  });
  return [
    ...citations.map((citation): WriterEvent => ({ type: "citation", ...move(citation) })),
    { type: "sentence-check", ...move(check) },
  ];
}

function toGrounding(verdicts: readonly Settled["check"]["verdict"][]): Grounding {
  const supported = verdicts.filter((verdict) => verdict === "supported").length;
  if (supported === verdicts.length && supported > 0) return "grounded";
  return supported > 0 ? "partly-grounded" : "ungrounded";
}
