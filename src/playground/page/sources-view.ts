/** The passages beside the answer. Opening a citation opens its passage, with the evidence marked. */
import type { Citation, Passage } from "../../domain/event.ts";
import { find, make } from "./dom.ts";
import { cutEvidence } from "./evidence.ts";
import type { View } from "./fold.ts";

export interface SourcesView {
  /** Shows the passages of this view. */
  paint(view: View): void;
  /** Opens the passage of a label and goes to the evidence; `back` is where the reader came from. */
  open(view: View, label: number, citation: Citation | undefined, back: HTMLElement): void;
  /** Closes what is open and goes back; false when there is nothing to go back to. */
  goBack(): boolean;
}

/** Creates the view; `onBack` is told before the reader goes back to the answer. */
export function createSourcesView(onBack: () => void): SourcesView {
  const list = find("sources", HTMLOListElement);
  const count = find("sources-count", HTMLElement);
  const cards = new Map<number, HTMLDetailsElement>();
  let from: HTMLElement | undefined;
  let shown = "";
  let marked: readonly Citation[] | undefined;
  const goBack = (): boolean => {
    if (from === undefined) return false;
    onBack();
    from.focus();
    from = undefined;
    return true;
  };
  const toCard = (passage: Passage): HTMLElement => {
    const card = createCard(passage, goBack);
    cards.set(passage.label, card);
    return make("li", { id: `source-${passage.label}` }, card);
  };
  return {
    goBack,
    paint({ passages, citations, phase }) {
      const key = passages.map(({ label, chunkId }) => `${label}${chunkId}`).join(" ");
      if (key !== shown) {
        shown = key;
        marked = undefined;
        cards.clear();
        from = undefined;
        list.replaceChildren(...passages.map(toCard));
        count.textContent = passages.length === 0 ? "" : `${passages.length}`;
      }
      for (const card of cards.values()) card.classList.toggle("done", phase === "ended");
      if (citations === marked) return;
      marked = citations;
      for (const passage of passages) {
        const times = citations.filter(({ label }) => label === passage.label).length;
        const card = cards.get(passage.label);
        if (card === undefined) continue;
        card.classList.toggle("cited", times > 0);
        const note = card.querySelector(".times");
        if (note !== null) note.textContent = times === 0 ? "" : `cited ${times}×`;
        if (card.dataset["chosen"] === undefined) mark(card, passage, citations);
      }
    },
    open({ passages, citations }, label, citation, back) {
      const passage = passages.find((one) => one.label === label);
      const card = cards.get(label);
      if (passage === undefined || card === undefined) return;
      for (const other of cards.values()) {
        other.open = other === card;
        delete other.dataset["chosen"];
      }
      card.dataset["chosen"] = "";
      from = back;
      const chosen = mark(card, passage, citations, citation);
      card.querySelector("summary")?.focus({ preventScroll: true });
      (chosen ?? card).scrollIntoView({ block: chosen === undefined ? "nearest" : "center" });
    },
  };
}

function createCard(passage: Passage, onBack: () => void): HTMLDetailsElement {
  const { label, title, location, collection, documentId, trail } = passage;
  const path = location.headings.filter((heading) => heading !== title).join(" › ");
  const page = location.page === undefined ? "" : `, page ${location.page}`;
  const back = make("button", { type: "button", className: "back" }, "↩ Back to the answer");
  back.addEventListener("click", onBack);
  return make(
    "details",
    { className: "source" },
    make(
      "summary",
      {},
      make("span", { className: "label" }, label),
      make("span", { className: "title", dir: "auto" }, title === "" ? documentId : title),
      make("span", { className: "times" }),
      make(
        "span",
        { className: "path", dir: "auto" },
        path === "" ? `${collection} · ${documentId}` : path,
      ),
    ),
    make("blockquote", { tabIndex: 0, dir: "auto" }, passage.text),
    make(
      "footer",
      {},
      make("span", { className: "where" }, `${collection} · ${documentId}${page}`),
      make("span", { className: "trail" }, toTrail(trail)),
      back,
    ),
  );
}

/** `guide/vector 4 · fused 1 · rerank 2`: the rank in each leg, and after each step. */
function toTrail(trail: Readonly<Record<string, number>>): string {
  return Object.entries(trail)
    .map(([step, rank]) => `${step} ${Number.isInteger(rank) ? rank : rank.toFixed(3)}`)
    .join(" · ");
}

/** Writes the passage with its evidence marked; what the open citation rests on is returned. */
function mark(
  card: HTMLElement,
  passage: Passage,
  citations: readonly Citation[],
  chosen?: Citation,
): HTMLElement | undefined {
  const quote = card.querySelector("blockquote");
  const stretches = cutEvidence(passage, citations, chosen).map(({ text, role }) =>
    role === "plain" ? text : make("mark", { className: role }, text),
  );
  quote?.replaceChildren(...stretches);
  return quote?.querySelector<HTMLElement>("mark.chosen") ?? undefined;
}
