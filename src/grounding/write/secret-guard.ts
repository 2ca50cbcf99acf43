/** Ends an answer before a secret of the prompt would be shown: the request's fence, or a canary. */
import { toHex } from "../../text/hex.ts";

export interface SecretGuard {
  /** A secret was about to be shown; nothing comes out any more. */
  readonly hasLeaked: boolean;
  /** Takes the next piece; what may be the beginning of a secret is held back. */
  push(piece: string): string;
  /** No more pieces: gives what is still held back, but no secret that the text breaks off in the midst of. */
  end(): string;
}

/** Characters that may lie between two of the secret's own: spaces, dashes, quotes, markup. */
const GAP_CHARS_MAX = 8;
const SECRET_CHARS_MIN = 8;
/** The fence stands in them: alone they would be left over. */
const OPENING = /<\/?$/;

/**
 * Looks for each secret whatever its case and the signs strewn in, backwards, in hexadecimal, and in
 * Base64 at each of its three alignments. Words that merely describe a secret are not seen.
 * Throws for a secret of fewer than eight letters and digits, which would be found everywhere.
 */
export function createSecretGuard(secrets: readonly string[]): SecretGuard {
  const automata = secrets.flatMap(toPatterns).map((pattern) => new Automaton(pattern));
  let held = "";
  /** Characters before the held ones. */
  let before = 0;
  let gap = 0;
  let hasLeaked = false;

  /** Feeds the character at a place of the answer; what lies before the place it gives can be no part of a secret. */
  const read = (code: number, at: number): number => {
    const sign = toSign(code);
    if (sign === NO_SIGN) {
      // The second half of a character is not another one.
      if (code < 0xdc00 || code > 0xdfff) gap += 1;
      if (gap > GAP_CHARS_MAX) for (const one of automata) one.reset();
    } else {
      gap = 0;
      for (const one of automata) {
        // Nearly every sign of nearly every answer begins nothing.
        if ((one.start < NEVER || sign === one.first) && one.read(sign, at)) hasLeaked = true;
      }
    }
    let start = at + 1;
    for (const one of automata) if (one.start < start) start = one.start;
    return start;
  };

  return {
    get hasLeaked() {
      return hasLeaked;
    },
    push(piece) {
      if (hasLeaked) return "";
      if (automata.length === 0) return piece;
      const text = held + piece;
      let clean = before;
      for (let index = held.length; index < text.length; index += 1) {
        const start = read(text.charCodeAt(index), before + index);
        if (hasLeaked) break;
        clean = Math.max(clean, start);
      }
      const out = text.slice(0, clean - before).replace(OPENING, "");
      held = hasLeaked ? "" : text.slice(out.length);
      before += out.length;
      return out;
    },
    end() {
      // At its token limit a model is cut off wherever it is.
      hasLeaked ||= automata.some(({ matched }) => matched >= SECRET_CHARS_MIN);
      const text = hasLeaked ? "" : held;
      held = "";
      return text;
    },
  };
}

const NEVER = Number.MAX_SAFE_INTEGER;

/** Knuth, Morris and Pratt: Fast pattern matching in strings (1977), over letters and digits alone. */
class Automaton {
  readonly first: number;
  /** Where in the answer the partial match began; `NEVER` while there is none. */
  start = NEVER;
  readonly #pattern: string;
  readonly #failure: readonly number[];
  /** Places of the matched signs, oldest first. */
  readonly #places: number[] = [];

  constructor(pattern: string) {
    this.first = pattern.charCodeAt(0);
    this.#pattern = pattern;
    this.#failure = toFailure(pattern);
  }

  /** So many signs of it were the last of the answer. */
  get matched(): number {
    return this.#places.length;
  }

  reset(): void {
    this.#places.length = 0;
    this.start = NEVER;
  }

  /** Takes the folded sign at a place of the answer; true at the end of the pattern. */
  read(sign: number, at: number): boolean {
    const places = this.#places;
    while (places.length > 0 && !this.#isNext(sign)) {
      places.splice(0, places.length - (this.#failure[places.length - 1] ?? 0));
    }
    if (this.#isNext(sign)) places.push(at);
    const isWhole = places.length === this.#pattern.length;
    if (isWhole) this.reset();
    else this.start = places[0] ?? NEVER;
    return isWhole;
  }

  #isNext(sign: number): boolean {
    return this.#pattern.charCodeAt(this.#places.length) === sign;
  }
}

function toFailure(pattern: string): readonly number[] {
  const failure = [0];
  for (let index = 1, length = 0; index < pattern.length; index += 1) {
    while (length > 0 && pattern[index] !== pattern[length]) length = failure[length - 1] ?? 0;
    if (pattern[index] === pattern[length]) length += 1;
    failure[index] = length;
  }
  return failure;
}

function toPatterns(secret: string): readonly string[] {
  const plain = fold(secret);
  if (plain.length < SECRET_CHARS_MIN)
    throw new RangeError("a secret needs eight letters or digits");
  const hex = toHex(new TextEncoder().encode(secret));
  // Around the secret other bytes may stand, so the first and last signs of each alignment are unknown.
  const encoded = ["", "x", "xx"].map((lead) => {
    const whole = btoa(lead + secret).replace(/=+$/, "");
    return fold(whole.slice(lead.length === 0 ? 0 : lead.length + 1, -1));
  });
  return [plain, Array.from(plain).toReversed().join(""), hex, ...encoded];
}

const NO_SIGN = 0;

/** The code of a letter in lower case or of a digit. Called for every character of every answer. */
function toSign(code: number): number {
  if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57)) return code;
  return code >= 65 && code <= 90 ? code + 32 : NO_SIGN;
}

function fold(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}
