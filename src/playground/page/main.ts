/** The playground: one question at a time, following up on the one before, its run drawn as it comes. Everything is connected here. */
import { type CollectionChoice, ask, type Question, Refusal } from "./client.ts";
import { type CitationClick, createAnswerView } from "./answer-view.ts";
import { createCopyButton } from "./copy.ts";
import { createConversationView, toHistory } from "./conversation.ts";
import { find, make } from "./dom.ts";
import { fold, isCut, isOpen, startView, type View } from "./fold.ts";
import { connectHistory } from "./history-view.ts";
import { connectInsideFold } from "./inside-fold.ts";
import { createLedgerView } from "./ledger-view.ts";
import { createOptionsView } from "./options-view.ts";
import { keepRun } from "./runs-kept.ts";
import { createSourcesView } from "./sources-view.ts";
import { createSchemaView } from "./schema-view.ts";
import { createStatusView } from "./status-view.ts";
import { switchTheme } from "./theme.ts";
import { createValueView } from "./value-view.ts";
import { createWaterfallView } from "./waterfall-view.ts";

type Part = "answer" | "sources" | "inside";
/** Asked of the samples; shown only where they are. */
const EXAMPLES: readonly (readonly [collection: string, question: string])[] = [
  ["handbook", "Why should retries use jitter?"],
  ["handbook", "What is the difference between a timeout and a deadline?"],
  ["handbook", "When does a circuit breaker open?"],
  ["guide", "How does Tributary merge the hits of several collections?"],
  ["guide", "Are my documents sent to a model provider?"],
];

const form = find("form", HTMLFormElement);
const question = find("question", HTMLTextAreaElement);
const send = find("send", HTMLButtonElement);
const stop = find("stop", HTMLButtonElement);
const run = find("run", HTMLDivElement);

/** Where the question has the focus, a phone lays its keyboard over the answer. */
const touch = matchMedia("(pointer: coarse)");

const options = createOptionsView();
const paintStatus = createStatusView(() => void start());
const paintWaterfall = createWaterfallView();
const paintLedger = createLedgerView();
const sources = createSourcesView(() => showPart("answer"));
const openSource = ({ label, citation, button }: CitationClick): void => {
  showPart("sources");
  sources.open(view, label, citation, button);
};
const answer = createAnswerView(openSource);
const paintValue = createValueView(openSource);
const paintCopy = createCopyButton();
const schema = createSchemaView();
const conversation = createConversationView(startAnew);

const NOTHING: View = {
  ...startView({ question: "", mode: "direct", collections: [] }),
  phase: "stopped",
};
let view = NOTHING;
/** Of the run under way; none when there is none. */
let controller: AbortController | undefined;

/** Puts the question in the field; one that is still running is stopped. */
async function start(): Promise<void> {
  const text = question.value.trim();
  const output = schema.read();
  if (text === "" || output === "wrong") return;
  leaveRun();
  // The service may be back, or have its first documents, since the page was opened.
  if (!options.isLoaded()) void options.load().then(showExamples);
  const own = new AbortController();
  controller = own;
  // The same question once more, in another mode perhaps, has its old place in the conversation.
  const isAgain = text === view.asked.question;
  const history = isAgain ? (view.asked.history ?? []) : toHistory(view);
  const asked: Question = {
    question: text,
    mode: options.mode(),
    collections: options.collections(),
    ...(history.length === 0 || !options.hasModel() ? {} : { history }),
    ...(output === undefined ? {} : { output }),
  };
  if (touch.matches) question.blur();
  else question.select(); // the next one is written in its place
  const last = await follow(asked, own);
  if (controller !== own) return; // another question has the page
  controller = undefined;
  show(last);
  if (last.phase === "refused" || last.phase === "unreachable") return;
  keepRun({ id: crypto.randomUUID(), atMs: Date.now(), view: last });
}

/** Ends a run that is under way, because something else is to be shown: what came of it is kept. */
function leaveRun(): void {
  if (controller === undefined) return;
  controller.abort();
  controller = undefined; // kept here, and not once more by whoever follows it
  if (isOpen(view)) show({ ...view, phase: "stopped" });
  keepRun({ id: crypto.randomUUID(), atMs: Date.now(), view });
}

/** The page as it was at first: the next question stands alone. */
function startAnew(): void {
  leaveRun();
  fillIn("");
  show(NOTHING);
  question.focus();
}

/** Draws the run while it comes; the view it ended with. */
async function follow(asked: Question, own: AbortController): Promise<View> {
  const startedMs = performance.now();
  let current = startView(asked);
  showPart("answer");
  show(current);
  try {
    for await (const event of ask(asked, own.signal)) {
      current = fold(current, event, performance.now() - startedMs);
      if (controller === own) show(current);
    }
    return isOpen(current) ? { ...current, phase: "broken" } : current;
  } catch (thrown) {
    if (own.signal.aborted) return { ...current, phase: "stopped" };
    if (thrown instanceof Refusal) {
      if (thrown.problem.status === 401) options.askForKey();
      return { ...current, phase: "refused", problem: thrown.problem };
    }
    const hasBegun = current.phase !== "asking";
    return { ...current, phase: hasBegun ? "broken" : "unreachable" };
  }
}

/** The page draws at most this share of the time, so that a long answer never holds up the keyboard. */
const PAINT_SHARE = 0.25;
let isDue = false;
let restUntilMs = 0;
/** Shows the view with the next frame; of several before it only the last is drawn. */
function show(next: View): void {
  view = next;
  if (isDue) return;
  isDue = true;
  setTimeout(() => requestAnimationFrame(draw), Math.max(0, restUntilMs - performance.now()));
}

function draw(): void {
  isDue = false;
  const startedMs = performance.now();
  paint();
  const endedMs = performance.now();
  restUntilMs = endedMs + (endedMs - startedMs) * (1 / PAINT_SHARE - 1);
}

function paint(): void {
  const open = isOpen(view);
  const isIdle = view === NOTHING;
  document.body.dataset["state"] = isIdle ? "idle" : "run";
  run.hidden = isIdle;
  run.dataset["phase"] = view.phase;
  run.dataset["cut"] = `${isCut(view)}`;
  find("welcome", HTMLElement).hidden = !isIdle;
  find("asked", HTMLHeadingElement).textContent = view.asked.question;
  find("answer", HTMLDivElement).setAttribute("aria-busy", `${open}`);
  if (stop.hidden === open) {
    const hadFocus = document.activeElement === stop;
    send.hidden = open;
    stop.hidden = !open;
    if (hadFocus) (touch.matches ? send : question).focus();
  }
  conversation.paint(view, options.hasModel());
  answer.paint(view);
  paintValue(view);
  sources.paint(view);
  paintStatus(view);
  paintCopy(view);
  paintWaterfall(view);
  paintLedger(view);
}

/** On a small screen one part of the run is seen at a time. */
function showPart(part: Part): void {
  run.dataset["part"] = part;
  for (const tab of document.querySelectorAll<HTMLButtonElement>("#parts button")) {
    tab.setAttribute("aria-pressed", `${tab.value === part}`);
  }
}

function fillIn(text: string): void {
  question.value = text;
  grow();
}

function grow(): void {
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight}px`;
}

function showExamples(collections: readonly CollectionChoice[]): void {
  const names = new Set(collections.map(({ name }) => name));
  const buttons = EXAMPLES.filter(([name]) => names.has(name)).map(([, text]) => {
    const button = make("button", { type: "button" }, text);
    button.addEventListener("click", () => {
      fillIn(text);
      question.focus();
      void start();
    });
    return make("li", {}, button);
  });
  find("examples", HTMLUListElement).replaceChildren(...buttons);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void start();
});
question.addEventListener("input", grow);
addEventListener("resize", grow); // a phone that is turned breaks the lines elsewhere
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!event.repeat) form.requestSubmit(); // a key that is held asks once
});
stop.addEventListener("click", () => controller?.abort());
// A page that is left or loaded anew ends its run, which is then one of those that were stopped.
addEventListener("pagehide", leaveRun);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.querySelector("dialog[open]") === null) {
    if (isOpen(view)) controller?.abort();
    else sources.goBack();
  }
  const isTyping = event.target instanceof HTMLElement && event.target.matches("textarea, input");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    question.focus();
  }
});
for (const tab of document.querySelectorAll<HTMLButtonElement>("#parts button")) {
  tab.addEventListener("click", () => showPart(tab.value as Part));
}
find("theme", HTMLButtonElement).addEventListener("click", switchTheme);
connectInsideFold();
connectHistory(({ view: kept }) => {
  leaveRun();
  fillIn(kept.asked.question);
  options.choose(kept.asked.mode, kept.asked.collections);
  schema.write(kept.asked.output);
  showPart("answer");
  show(kept);
  if (!touch.matches) question.focus();
});
question.focus();
void options.load().then(showExamples);
