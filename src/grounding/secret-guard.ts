/** Ends an answer before a secret of the prompt would be shown: the request's fence, or a canary. */

export interface SecretGuard {
  /** A secret was about to be shown; nothing comes out any more. */
  readonly hasLeaked: boolean;
  /** Takes the next piece; what may be the beginning of a secret is held back. */
  push(piece: string): string;
  /** No more pieces: gives what is still held back. */
  end(): string;
}

/** Characters that may lie between two of the secret's own: spaces, dashes, quotes, markup. */
const GAP_CHARS_MAX = 8;
const SECRET_CHARS_MIN = 8;

/**
 * Looks for each secret whatever its case and the signs strewn in, backwards, in hexadecimal, and in
 * Base64 at each of its three alignments. Words that merely describe a secret are not seen.
 * Throws for a secret of fewer than eight letters and digits, which would be found everywhere.
 */
export function createSecretGuard(secrets: readonly string[]): SecretGuard {
  const automata = secrets.flatMap(toPatterns).map(createAutomaton);
  let held = "";
  let gap = 0;
  let hasLeaked = false;

  /** Feeds one character; how many characters, with those of the gaps, may belong to a secret. */
  const read = (character: string): void => {
    held += character;
    const sign = toSign(character);
    if (sign === "") {
      gap += 1;
      if (gap > GAP_CHARS_MAX) for (const one of automata) one.reset();
    } else gap = 0;
    for (const one of automata) if (one.read(sign)) hasLeaked = true;
  };

  return {
    get hasLeaked() {
      return hasLeaked;
    },
    push(piece) {
      if (hasLeaked) return "";
      if (automata.length === 0) return piece;
      let out = "";
      for (const character of piece) {
        read(character);
        if (hasLeaked) {
          held = "";
          return out;
        }
        const keep = automata.reduce((most, { span }) => Math.max(most, span), 0);
        out += held.slice(0, held.length - keep);
        held = held.slice(held.length - keep);
      }
      return out;
    },
    end() {
      const text = hasLeaked ? "" : held;
      held = "";
      return text;
    },
  };
}

interface Automaton {
  /** Characters read, gaps included, since the partial match began. */
  readonly span: number;
  /** Takes a folded sign, or "" for a gap; true at the end of the pattern. */
  read(sign: string): boolean;
  reset(): void;
}

/** Knuth, Morris and Pratt: Fast pattern matching in strings (1977), over letters and digits alone. */
function createAutomaton(pattern: string): Automaton {
  const failure = toFailure(pattern);
  let matched = 0;
  /** Distance back to each matched sign, oldest first. */
  let distances: number[] = [];
  const reset = (): void => {
    matched = 0;
    distances = [];
  };
  return {
    get span() {
      return distances[0] ?? 0;
    },
    reset,
    read(sign) {
      if (matched > 0) distances = distances.map((one) => one + 1);
      if (sign === "") return false;
      while (matched > 0 && pattern[matched] !== sign) matched = failure[matched - 1] ?? 0;
      if (pattern[matched] === sign) {
        matched += 1;
        distances.push(1);
      }
      distances = matched === 0 ? [] : distances.slice(-matched);
      if (matched < pattern.length) return false;
      reset();
      return true;
    },
  };
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
  const hex = Array.from(new TextEncoder().encode(secret), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  // Around the secret other bytes may stand, so the first and last signs of each alignment are unknown.
  const encoded = ["", "x", "xx"].map((lead) => {
    const whole = btoa(lead + secret).replace(/=+$/, "");
    return fold(whole.slice(lead.length === 0 ? 0 : lead.length + 1, -1));
  });
  return [plain, Array.from(plain).toReversed().join(""), hex, ...encoded];
}

/** Called for every character of every answer. */
function toSign(character: string): string {
  const code = character.charCodeAt(0);
  if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57)) return character;
  return code >= 65 && code <= 90 ? character.toLowerCase() : "";
}

function fold(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}
