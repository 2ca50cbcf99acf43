/** What the model says: an answer that cites the passages it was sent, words, an echo, or what it was told. */
import type { Settings } from "./settings.ts";

/** The texts of a conversation, in order. */
export type Conversation = readonly { readonly role: string; readonly text: string }[];

const SENTENCES_MAX = 3;
const WORD = /\p{L}{3,}/gu;
/** A Markdown heading, or the sign of a list's entry: at its beginning it would make the whole answer one. */
const BLOCK_SIGN = /^(?:#{1,6} .*|[-*+] +)/gm;

/** The text of the n-th answer, counted from 0. */
export function writeAnswer(chat: Settings["chat"], said: Conversation, number: number): string {
  const { replies, content, tokens } = chat;
  if (replies.length > 0) return replies[Math.min(number, replies.length - 1)] ?? "";
  const last = said.findLast(({ role }) => role === "user")?.text ?? "";
  if (content === "echo") return last === "" ? "nothing was said" : last;
  if (content === "words") return writeWords(tokens);
  return writeGrounded(said, last);
}

/** `word0 word1 …`: as many tokens as were asked for. */
function writeWords(tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => `word${index} `).join("");
}

/**
 * Sentences of the passages, word for word, each with its label: those that share most words with the
 * question first. A request for an order of passages gets one; without passages the answer says so.
 */
function writeGrounded(said: Conversation, last: string): string {
  const passages = said.flatMap(({ text }) => findPassages(text));
  const asked = new Set(words(/(?:^|\n)Question: ([^]*)$/.exec(last)?.[1] ?? last));
  const ranked = passages
    .flatMap(({ label, text }) => splitSentences(text).map((sentence) => ({ label, sentence })))
    .map((one) => ({
      ...one,
      shared: words(one.sentence).filter((word) => asked.has(word)).length,
    }))
    .toSorted((a, b) => b.shared - a.shared);
  if (said.some(({ text }) => /JSON list of passage numbers/.test(text))) {
    const order = new Set(ranked.map(({ label }) => label));
    return `[${[...order].join(", ")}]`;
  }
  const best = ranked.filter(({ shared }) => shared > 0);
  const chosen = (best.length > 0 ? best : ranked).slice(0, SENTENCES_MAX);
  if (chosen.length === 0) return "NO_ANSWER";
  return chosen.map(({ label, sentence }) => `${sentence} [${label}]`).join(" ");
}

/** `[3]` at the start of a line begins a passage. A line in angle brackets is a fence, and a line above a blank one a heading. */
function findPassages(text: string): readonly { label: number; text: string }[] {
  const marked = text.matchAll(
    /^\[(\d{1,4})\](?!\()([^]*?)(?=^\[\d{1,4}\](?!\()|^Question: |$(?![^]))/gm,
  );
  return [...marked].map(([, label, inner = ""]) => {
    const lines = inner.split("\n").filter((line) => !/^\s*<[^>]*>\s*$/.test(line));
    const whole = lines.join("\n").trim();
    const parts = whole.split(/\n\s*\n/);
    return { label: Number(label), text: parts.length > 1 ? parts.slice(1).join("\n\n") : whole };
  });
}

/** Whole sentences only: what ends in a full stop, without the headings above it. */
function splitSentences(text: string): readonly string[] {
  const line = text.replace(BLOCK_SIGN, "").replace(/\s+/g, " ");
  // The stop is optional, so that a long text without one is read once and not from each of its characters.
  const found = line.match(/[^.!?]+(?:[.!?](?=\s|$))?/g) ?? [];
  const sentences = found.filter((part) => /[.!?]$/.test(part)).map((part) => part.trim());
  return sentences.length > 0 ? sentences : [line.trim()].filter(Boolean);
}

function words(text: string): readonly string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

/** Pieces of about a token each, which joined are the text again. */
export function toTokens(text: string): readonly string[] {
  return text.match(/\s*\S+\s?|\s+/g) ?? [];
}
