/** The conversation that a question belongs to: what goes with it, and what was said before, above its answer. */
import type { Turn } from "../../domain/ask.ts";
import { withoutLabels } from "../../grounding/write/markers.ts";
import { countOf } from "../../text/count-of.ts";
import { find, make } from "./dom.ts";
import type { View } from "./fold.ts";
import { toBlocks } from "./markdown.ts";

/** Of a long conversation its latest part is sent; a model is given no more of it. */
const TURNS_MAX = 8;
const CHARS_MAX = 12_000;

/** What a question that follows up on this view goes with, oldest first. A refused question was never put. */
export function toHistory({ asked, phase, answer, value }: View): readonly Turn[] {
  const { question, history = [] } = asked;
  if (question === "" || phase === "refused" || phase === "unreachable") return history;
  const said = (value === undefined ? answer : JSON.stringify(value.json)).trim();
  const turns: readonly Turn[] = [
    ...history,
    { role: "user", content: question },
    { role: "assistant", content: said },
  ];
  return toLatest(turns.filter(({ content }) => content !== ""));
}

function toLatest(turns: readonly Turn[]): readonly Turn[] {
  const latest: Turn[] = [];
  let left = CHARS_MAX;
  for (const { role, content } of turns.slice(-TURNS_MAX).toReversed()) {
    if (left <= 0) break;
    latest.unshift({ role, content: content.slice(0, left).toWellFormed() });
    left -= content.length;
  }
  return latest;
}

export interface ConversationView {
  /** Shows what was said before this view, and whether the next question follows up on it. */
  paint(view: View, canFollow: boolean): void;
}

/** Creates the view; `onAnew` is told when the next question is to stand alone. */
export function createConversationView(onAnew: () => void): ConversationView {
  const line = find("follows", HTMLParagraphElement);
  // Folded up, however many they are: what is read is the answer below.
  const box = find("earlier", HTMLDetailsElement);
  const count = find("earlier-count", HTMLElement);
  const list = find("earlier-list", HTMLOListElement);
  let painted: View["asked"] | undefined;
  find("anew", HTMLButtonElement).addEventListener("click", onAnew);
  return {
    paint(view, canFollow) {
      line.hidden = !canFollow || toHistory(view).length === 0;
      if (view.asked === painted) return;
      painted = view.asked;
      const exchanges = toExchanges(view.asked.history ?? []);
      list.replaceChildren(...exchanges.map(renderExchange));
      count.textContent = countOf(exchanges.length, "earlier question");
      box.hidden = exchanges.length === 0;
    },
  };
}

interface Exchange {
  /** Absent where only the end of a conversation was sent. */
  readonly question?: string;
  readonly answer?: string;
}

function toExchanges(history: readonly Turn[]): readonly Exchange[] {
  const exchanges: Exchange[] = [];
  for (const { role, content } of history) {
    if (role === "user") exchanges.push({ question: content });
    else exchanges.push({ ...exchanges.pop(), answer: content });
  }
  return exchanges;
}

function renderExchange({ question = "…", answer }: Exchange): HTMLElement {
  if (answer === undefined) return make("li", { dir: "auto" }, question);
  // Its numbers are those of its own sources, which stand here no more.
  const blocks = toBlocks(withoutLabels(answer)).map((block) => block.render((text) => [text]));
  const said = make("div", { className: "prose", dir: "auto" }, ...blocks);
  return make("li", {}, make("details", {}, make("summary", { dir: "auto" }, question), said));
}
