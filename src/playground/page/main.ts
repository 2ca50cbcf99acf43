/** The playground: one question at a time, following up on the one before, its run drawn as it comes. Everything is connected here. */
import { ask, askAgain, type CollectionChoice, type Question, type Reader } from "./client.ts";
import { type CitationClick, createAnswerView } from "./answer-view.ts";
import { createCopyButton } from "./copy.ts";
import { createConversationView, toHistory } from "./conversation.ts";
import { find, make } from "./dom.ts";
import { isCut, isOpen, startView, type View } from "./fold.ts";
import { follow, type Source } from "./follow.ts";
import { connectHistory } from "./history-view.ts";
import { connectInsideFold } from "./inside-fold.ts";
import { createLedgerView } from "./ledger-view.ts";
import { createOptionsView } from "./options-view.ts";
import { createRunName, keepOpenRun, keepRun, listRuns, readOpenRun } from "./runs-kept.ts";
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
/** Under which name it is kept. */
let name = "";

/** Puts the question in the field; one that is still running is stopped. */
async function start(): Promise<void> {
  const text = question.value.trim();
  const output = schema.read();
  if (text === "" || output === "wrong") return;
  leaveRun();
  // The service may be back, or have its first documents, since the page was opened.
  if (!options.isLoaded()) void options.load().then(showExamples);
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
  name = createRunName();
  const startedMs = performance.now();
  const last = await take(asked, {
    read: (reader) => ask(asked, reader),
    sinceMs: () => performance.now() - startedMs,
  });
  if (last !== undefined) finish(last);
}

/** Goes on with the run in whose middle the page was left or loaded anew. */
async function goOn(): Promise<void> {
  const left = readOpenRun();
  if (left === undefined) return;
  name = left.id;
  fillIn(left.asked.question);
  options.choose(left.asked.mode, left.asked.collections);
  schema.write(left.asked.output);
  const read = (reader: Reader) => askAgain(left.runId, reader);
  const last = await take(left.asked, { read, sinceMs: () => undefined });
  if (last === undefined) return;
  const isGone = last.phase === "refused" || last.phase === "unreachable";
  const kept = listRuns().find(({ id }) => id === left.id);
  finish(isGone && kept !== undefined ? kept.view : last);
}

function finish(last: View): void {
  controller = undefined;
  keepOpenRun(undefined);
  show(last);
  if (last.problem?.status === 401) options.askForKey();
  if (last.phase !== "refused" && last.phase !== "unreachable") keepNow(last);
}

function keepNow(last: View): void {
  keepRun({ id: name, atMs: Date.now(), view: last });
}

/** Ends a run that is under way, because something else is to be shown: what came of it is kept. */
function leaveRun(): void {
  if (controller === undefined) return;
  controller.abort();
  controller = undefined; // kept here, and not once more by whoever follows it
  keepOpenRun(undefined);
  if (isOpen(view)) show({ ...view, phase: "stopped" });
  keepNow(view);
}

/** The page is left, or loaded anew: who comes back to it in this tab goes on, and else this is what came of the run. */
function pauseRun(): void {
  if (controller !== undefined && isOpen(view)) keepNow({ ...view, phase: "stopped" });
}

/** The page as it was at first: the next question stands alone. */
function startAnew(): void {
  leaveRun();
  fillIn("");
  show(NOTHING);
  question.focus();
}

/** Reads the run and draws it; the view it ended with, unless another question has the page. */
async function take(asked: Question, source: Source): Promise<View | undefined> {
  const own = new AbortController();
  controller = own;
  showPart("answer");
  const last = await follow(asked, source, {
    signal: own.signal,
    onRun: (runId) => keepOpenRun({ id: name, runId, asked }),
    onView(next) {
      if (controller === own) show(next);
    },
  });
  return controller === own ? last : undefined;
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
addEventListener("pagehide", pauseRun);
// Who comes back from a terminal may have put documents in.
addEventListener("focus", () => void options.load().then(showExamples));

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
void goOn();
