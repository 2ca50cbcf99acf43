/** Tells of the sentences that were shown, in their order: one that is open holds up those behind it until it is closed. */
import type { Grounding, RunEvent } from "../domain/event.ts";
import type { Settled } from "./ground.ts";

type SentenceEvent = Extract<RunEvent, { readonly type: "citation" | "sentence-check" }>;

export interface Telling {
  /** Takes what is shown; its offsets are moved by `shift`. */
  add(settled: Settled, shift: number): void;
  /** Events for what was shown, up to the first sentence that is still open. */
  tell(): readonly SentenceEvent[];
  /** Has something been told of that claims anything? */
  hasTold(): boolean;
  /** Of all that was told of. */
  toGrounding(): Grounding;
}

export function createTelling(): Telling {
  const waiting: { readonly settled: Settled; readonly shift: number }[] = [];
  const verdicts: Settled["check"]["verdict"][] = [];
  return {
    add(settled, shift) {
      waiting.push({ settled, shift });
    },
    tell() {
      const open = waiting.findIndex(({ settled }) => settled.isOpen === true);
      const told = waiting.splice(0, open < 0 ? waiting.length : open);
      for (const { settled } of told) {
        if (settled.check.framing !== true) verdicts.push(settled.check.verdict);
      }
      return told.flatMap(({ settled, shift }) => toEvents(settled, shift));
    },
    hasTold: () => verdicts.length > 0,
    toGrounding() {
      const supported = verdicts.filter((verdict) => verdict === "supported").length;
      if (supported === verdicts.length && supported > 0) return "grounded";
      return supported > 0 ? "partly-grounded" : "ungrounded";
    },
  };
}

function toEvents({ check, citations }: Settled, shift: number): readonly SentenceEvent[] {
  const move = <T extends { readonly start: number; readonly end: number }>(span: T): T => ({
    ...span,
    start: span.start + shift,
    end: span.end + shift,
  });
  return [
    ...citations.map((citation): SentenceEvent => ({ type: "citation", ...move(citation) })),
    { type: "sentence-check", ...move(check) },
  ];
}
