/* The playground: asks, shows the run as it comes, and what it says about itself. */
"use strict";
const $ = (id) => document.getElementById(id);
const form = $("form");
const question = $("question");
const HISTORY = "tributary.history";
const THEME = "tributary.theme";
const KEY = "tributary.key";
const HISTORY_MAX = 8;

let controller;
let state;

const make = (tag, props = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children);
  return element;
};

/* Storage may be switched off; the page works without. */
const read = (storage, name) => {
  try {
    return storage.getItem(name);
  } catch {
    return null;
  }
};
const write = (storage, name, value) => {
  try {
    storage.setItem(name, value);
  } catch {
    /* not kept */
  }
};

const headers = (more = {}) => {
  const key = read(sessionStorage, KEY);
  return key ? { ...more, authorization: `Bearer ${key}` } : more;
};

/* ---- what is asked ---- */

async function loadCollections() {
  const box = $("collections");
  const response = await fetch("/v1/collections", { headers: headers() }).catch(() => undefined);
  if (response?.status === 401) $("key-box").hidden = false;
  if (!response?.ok) return;
  const { collections } = await response.json();
  box.querySelectorAll("label").forEach((label) => label.remove());
  for (const { name, status, chunks } of collections) {
    const input = make("input", {
      type: "checkbox",
      value: name,
      checked: status === "ready",
      disabled: status !== "ready",
    });
    const title = status === "ready" ? `${chunks} chunks` : "cannot be read";
    box.append(make("label", { title }, input, name));
  }
}

const chosen = () => {
  const boxes = [...$("collections").querySelectorAll("input:not(:disabled)")];
  const on = boxes.filter((box) => box.checked).map((box) => box.value);
  return on.length === boxes.length ? [] : on;
};

function showHistory() {
  const list = JSON.parse(read(localStorage, HISTORY) ?? "[]");
  $("history").replaceChildren(
    ...list.map((text) => {
      const button = make("button", { type: "button", textContent: text, title: text });
      button.addEventListener("click", () => {
        question.value = text;
        form.requestSubmit();
      });
      return make("li", {}, button);
    }),
  );
}

function remember(text) {
  const list = JSON.parse(read(localStorage, HISTORY) ?? "[]").filter((one) => one !== text);
  write(localStorage, HISTORY, JSON.stringify([text, ...list].slice(0, HISTORY_MAX)));
  showHistory();
}

/* ---- the run ---- */

async function ask(text) {
  controller?.abort();
  const own = new AbortController();
  controller = own;
  state = { answer: "", passages: new Map(), citations: [], checks: [], degraded: [] };
  begin(text);
  try {
    const body = { question: text };
    const collections = chosen();
    if (collections.length > 0) body.collections = collections;
    const response = await fetch("/v1/ask", {
      method: "POST",
      headers: headers({ "content-type": "application/json", accept: "text/event-stream" }),
      body: JSON.stringify(body),
      signal: own.signal,
    });
    if (!response.ok) return await refuse(response);
    for await (const event of readEvents(response.body)) if (controller === own) take(event);
    if (controller === own && !state.end)
      say("The stream broke off: this answer is not complete.", "bad");
  } catch (error) {
    if (controller !== own) return;
    say(
      own.signal.aborted ? "Stopped." : "The service could not be reached.",
      own.signal.aborted ? "fair" : "bad",
    );
  } finally {
    if (controller === own) finish();
  }
}

async function refuse(response) {
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401) $("key-box").hidden = false;
  say(
    problem.detail ?? problem.title ?? `The service answered with status ${response.status}.`,
    "bad",
  );
}

async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block
        .split("\n")
        .filter((line) => line.startsWith("data: "))
        .map((line) => line.slice(6))
        .join("\n");
      if (data !== "") yield JSON.parse(data);
    }
  }
}

const HANDLERS = {
  "run-start": ({ collections }) =>
    say(`Searching ${collections.join(", ") || "every collection"} …`),
  "retrieval-end": ({ passages }) => {
    for (const passage of passages) state.passages.set(passage.label, passage);
    say(passages.length === 0 ? "Nothing was found." : "Writing …");
    showSources();
  },
  "step-start": ({ step }) => say(`Step ${step} …`),
  "tool-call": ({ name }) => say(`Using ${name} …`),
  "subrun-start": ({ question: part }) => say(`Looking into: ${part}`),
  "text-delta": ({ text }) => {
    state.answer += text;
    paint();
  },
  "text-reset": () => {
    state.answer = "";
    state.citations = [];
    state.checks = [];
    paint();
  },
  citation: (event) => {
    state.citations.push(event);
  },
  "sentence-check": (event) => {
    state.checks.push(event);
  },
  "run-end": (event) => {
    state.end = event;
    showEnd(event);
  },
};

const take = (event) => HANDLERS[event.type]?.(event);

function begin(text) {
  $("run").hidden = false;
  $("asked").textContent = text;
  $("answer").replaceChildren();
  $("answer").setAttribute("aria-busy", "true");
  for (const id of ["sources", "timeline"]) $(id).replaceChildren();
  $("ledger").tBodies[0].replaceChildren();
  $("checks").hidden = true;
  $("send").hidden = true;
  $("stop").hidden = false;
  say("Asking …");
}

function finish() {
  $("answer").setAttribute("aria-busy", "false");
  $("send").hidden = false;
  $("stop").hidden = true;
  paintNow();
}

function say(text, tone = "") {
  $("status").replaceChildren(make("span", { className: tone, textContent: text }));
}

/* ---- the answer: rendered again at most once a frame ---- */

let painting = false;
function paint() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    paintNow();
  });
}

const ALLOWED = {
  ALLOWED_TAGS: [
    "p",
    "ul",
    "ol",
    "li",
    "strong",
    "em",
    "code",
    "pre",
    "br",
    "h1",
    "h2",
    "h3",
    "h4",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
  ],
  ALLOWED_ATTR: [],
  RETURN_DOM_FRAGMENT: true,
};

/* Raw HTML stays text, so that nothing of it is ever parsed. */
const escapeHtml = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
marked.use({ renderer: { html: ({ text }) => escapeHtml(text) } });

function paintNow() {
  const html = marked.parse(state.answer, { breaks: false, gfm: true, async: false });
  const fragment = DOMPurify.sanitize(html, ALLOWED);
  addCitations(fragment);
  $("answer").replaceChildren(fragment);
}

function addCitations(fragment) {
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  for (const node of nodes) {
    if (node.parentElement?.closest("code, pre")) continue;
    const parts = node.data.split(/\[(\d+)\]/);
    if (parts.length === 1) continue;
    node.replaceWith(
      ...parts.map((part, index) => (index % 2 === 0 ? part : citeButton(Number(part)))),
    );
  }
}

function citeButton(label) {
  const { title = "?" } = state.passages.get(label) ?? {};
  const button = make("button", { type: "button", className: "cite", textContent: label, title });
  button.setAttribute("aria-label", `Source ${label}: ${title}`);
  button.addEventListener("click", () => openSource(label));
  return button;
}

/* ---- sources ---- */

const pathOf = ({ title, location }) =>
  [title, ...location.headings]
    .filter((part, index, all) => part && part !== all[index - 1])
    .join(" › ");

function showSources() {
  $("sources").replaceChildren(
    ...[...state.passages.values()].map((passage) => {
      const page = passage.location.page ? `, page ${passage.location.page}` : "";
      const summary = make(
        "summary",
        {},
        make("span", { className: "n", textContent: passage.label }),
        make("span", { textContent: pathOf(passage) }),
        make("span", {
          className: "where",
          textContent: `${passage.collection} · ${passage.documentId}${page}`,
        }),
      );
      const details = make(
        "details",
        {},
        summary,
        make("blockquote", { textContent: passage.text, tabIndex: 0 }),
      );
      return make("li", { id: `source-${passage.label}` }, details);
    }),
  );
}

/* Opens a passage with what the answer rests on marked. */
function openSource(label) {
  const passage = state.passages.get(label);
  const item = $(`source-${label}`);
  if (!passage || !item) return;
  for (const other of document.querySelectorAll("#sources details[open]")) other.open = false;
  item.firstElementChild.open = true;
  const spans = state.citations
    .filter((one) => one.label === label && one.evidence.documentId === passage.documentId)
    .map(({ evidence }) => [
      Math.max(0, evidence.start - passage.start),
      Math.min(passage.text.length, evidence.end - passage.start),
    ])
    .filter(([from, to]) => from < to)
    .sort((a, b) => a[0] - b[0]);
  const quote = item.querySelector("blockquote");
  const parts = [];
  let at = 0;
  for (const [from, to] of spans) {
    if (from < at) continue;
    parts.push(
      passage.text.slice(at, from),
      make("mark", { textContent: passage.text.slice(from, to) }),
    );
    at = to;
  }
  quote.replaceChildren(...parts, passage.text.slice(at));
  item.querySelector("summary").focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest", behavior: "smooth" });
  quote.querySelector("mark")?.scrollIntoView({ block: "nearest" });
}

/* ---- what the run says about itself ---- */

const GROUNDING = {
  grounded: ["Every sentence is supported by its sources.", "good"],
  "partly-grounded": ["Only a part of this is supported by the documents.", "fair"],
  ungrounded: ["The documents do not support this.", "bad"],
  "no-evidence": ["Nothing in the documents answers this.", "fair"],
};

function showEnd({ outcome, grounding, answerer, degraded, error, usage, timeline, ledger }) {
  const totalMs = Math.max(1, ...timeline.map(({ endMs }) => endMs));
  if (outcome === "finished" || outcome === "exhausted") {
    const [sentence, tone] = GROUNDING[grounding];
    const tokens = usage.requests > 0 ? ` · ${usage.inputTokens + usage.outputTokens} tokens` : "";
    const missing = degraded.length > 0 ? ` · made without: ${degraded.join(", ")}` : "";
    $("status").replaceChildren(
      make("span", { className: tone, textContent: sentence }),
      ` ${answerer} · ${Math.round(totalMs)} ms${tokens}${missing}`,
    );
  } else
    say(
      `${outcome}: ${error?.detail ?? error?.code ?? "no reason was given"}`,
      outcome === "cancelled" ? "fair" : "bad",
    );
  showChecks();
  showTimeline(timeline, totalMs);
  $("ledger").tBodies[0].replaceChildren(
    ...ledger.map((leg) =>
      make(
        "tr",
        {},
        ...[
          leg.collection,
          leg.retriever,
          leg.code ? `${leg.status} (${leg.code})` : leg.status,
          leg.found,
          leg.kept,
          (leg.endMs - leg.startMs).toFixed(1),
        ].map((cell) => make("td", { textContent: cell })),
      ),
    ),
  );
}

function showChecks() {
  const { checks, answer } = state;
  if (checks.length === 0) return;
  const count = (verdict) => checks.filter((check) => check.verdict === verdict).length;
  $("checks").hidden = false;
  $("checks").querySelector("summary").textContent =
    `${checks.length} sentences checked: ${count("supported")} supported, ${count("weak")} weak, ${count("unsupported")} unsupported`;
  $("checks")
    .querySelector("ol")
    .replaceChildren(
      ...checks.map(({ start, end, verdict }) =>
        make(
          "li",
          { className: verdict },
          make("b", { textContent: verdict }),
          ` ${answer.slice(start, end)}`,
        ),
      ),
    );
}

function showTimeline(timeline, totalMs) {
  const NS = "http://www.w3.org/2000/svg";
  $("timeline").replaceChildren(
    ...timeline.map(({ stage, startMs, endMs, critical }) => {
      const svg = document.createElementNS(NS, "svg");
      svg.setAttribute("viewBox", "0 0 1000 10");
      svg.setAttribute("preserveAspectRatio", "none");
      svg.setAttribute("aria-hidden", "true");
      const bar = document.createElementNS(NS, "rect");
      bar.setAttribute("x", (1000 * startMs) / totalMs);
      bar.setAttribute("width", Math.max(3, (1000 * (endMs - startMs)) / totalMs));
      bar.setAttribute("height", "10");
      svg.append(bar);
      const item = make(
        "li",
        { className: critical ? "critical" : "" },
        make("span", { className: "name", textContent: stage, title: stage }),
        svg,
        make("span", { className: "ms", textContent: `${(endMs - startMs).toFixed(1)} ms` }),
      );
      item.setAttribute(
        "aria-label",
        `${stage}: ${startMs} to ${endMs} ms${critical ? ", on the critical path" : ""}`,
      );
      return item;
    }),
  );
}

/* ---- the page ---- */

const grow = () => {
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight}px`;
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (text === "") return;
  remember(text);
  void ask(text);
});
question.addEventListener("input", grow);
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") controller?.abort();
});
$("stop").addEventListener("click", () => {
  controller?.abort();
  question.focus();
});
$("key").addEventListener("change", (event) => {
  write(sessionStorage, KEY, event.target.value);
  void loadCollections();
});
$("theme").addEventListener("click", () => {
  const isDark =
    document.documentElement.dataset.theme === "dark" ||
    (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = isDark ? "light" : "dark";
  write(localStorage, THEME, document.documentElement.dataset.theme);
});
const theme = read(localStorage, THEME);
if (theme) document.documentElement.dataset.theme = theme;
showHistory();
void loadCollections();
question.focus();
