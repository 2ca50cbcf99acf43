/**
 * WordPiece as BERT's uncased models use it: text to rows of a vocabulary.
 * Source: the reference `BertNormalizer`, `BertPreTokenizer` and `WordPiece` of the tokenizers library.
 */

import { normalizeWords } from "./normalize-words.ts";

/** In place of a row: a word that the vocabulary cannot spell. */
export const UNKNOWN_TOKEN = -1;

const UNKNOWN: readonly number[] = [UNKNOWN_TOKEN];
/** Longer words are unknown as a whole. */
const WORD_CHARACTERS_MAX = 100;
const CACHED_WORDS_MAX = 20_000;
/** Engines keep longer substrings as views of the text they were cut from: cached, they would keep it all alive. */
const CACHED_WORD_UNITS_MAX = 12;

/** Takes tokens one at a time, so that a text costs no list of them; an array will do where that does not matter. */
export interface TokenSink {
  push(row: number): unknown;
}

export interface Wordpiece {
  /**
   * Pushes the rows of the tokens of `text` in their order, UNKNOWN_TOKEN for a word that cannot be spelt.
   * Takes any string and adds no markers around it; what looks like a marker (`[CLS]`) is ordinary text.
   */
  tokenize(text: string, into: TokenSink): void;
}

/**
 * A tokenizer over `vocabulary`: token texts by row, a piece inside a word starting with `##`.
 * Keeps the words it met last in a cache of bounded size.
 */
export function createWordpiece(vocabulary: readonly string[]): Wordpiece {
  const pieces = indexPieces(vocabulary);
  const cache = new Map<string, readonly number[]>();

  function pushWord(word: string, into: TokenSink): void {
    let rows = cache.get(word);
    if (rows === undefined) {
      rows = spell(word, pieces);
      if (word.length <= CACHED_WORD_UNITS_MAX) {
        if (cache.size >= CACHED_WORDS_MAX) cache.clear();
        cache.set(word, rows);
      }
    }
    for (const row of rows) into.push(row);
  }

  return {
    tokenize(text, into) {
      const plain = normalizeWords(text);
      let from = 0;
      for (let at = 0; at < plain.length; at += 1) {
        const kind = ASCII_KINDS[plain.charCodeAt(at)] ?? IN_WORD;
        if (kind === IN_WORD) continue;
        if (at > from) pushWord(plain.slice(from, at), into);
        if (kind === PUNCTUATION) pushWord(plain.slice(at, at + 1), into);
        from = at + 1;
      }
      if (plain.length > from) pushWord(plain.slice(from), into);
    },
  };
}

interface Pieces {
  readonly starting: ReadonlyMap<string, number>;
  readonly inner: ReadonlyMap<string, number>;
  /** UTF-16 units of the longest piece: no longer stretch of a word need be looked up. */
  readonly unitsMax: number;
}

function indexPieces(vocabulary: readonly string[]): Pieces {
  const starting = new Map<string, number>();
  const inner = new Map<string, number>();
  let unitsMax = 1;
  for (const [row, token] of vocabulary.entries()) {
    const isInner = token.length > 2 && token.startsWith("##");
    const text = isInner ? token.slice(2) : token;
    (isInner ? inner : starting).set(text, row);
    unitsMax = Math.max(unitsMax, text.length);
  }
  return { starting, inner, unitsMax };
}

/** The rows of the pieces of one word, always the longest that fits next; unknown as a whole if none fits somewhere. */
function spell(word: string, { starting, inner, unitsMax }: Pieces): readonly number[] {
  if (word.length > WORD_CHARACTERS_MAX && Array.from(word).length > WORD_CHARACTERS_MAX)
    return UNKNOWN;
  const rows: number[] = [];
  let from = 0;
  while (from < word.length) {
    const pieces = from === 0 ? starting : inner;
    let to = Math.min(word.length, from + unitsMax);
    let row = pieces.get(word.slice(from, to));
    while (row === undefined && to > from + 1) {
      to -= 1;
      row = pieces.get(word.slice(from, to));
    }
    if (row === undefined) return UNKNOWN;
    rows.push(row);
    from = to;
  }
  return rows;
}

const IN_WORD = 0;
const BLANK = 1;
const PUNCTUATION = 2;

/** What an ASCII character does to a word; everything beyond ASCII stands inside one. */
const ASCII_KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code <= 0x20) return BLANK;
  return /[a-z0-9\x7f]/iu.test(String.fromCharCode(code)) ? IN_WORD : PUNCTUATION;
});
