/**
 * Reads a JSON object while it is being written: at any time what there is of it, as a value that only
 * grows. Strict JSON, and stricter: a key twice, `__proto__`, a number that would be another in most
 * readers, and half a character are faults.
 */

export interface JsonReader {
  /** Takes the next piece. */
  push(text: string): void;
  /** What there is; a number or word that is not over is not in it. Undefined before the first bracket. The same object each time. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  /** The path to what is not complete: a text, a list or an object. Undefined when all is. */
  readonly open: readonly string[] | undefined;
  readonly isComplete: boolean;
  /** Why it is no JSON, in our own words. */
  readonly fault: string | undefined;
}

interface Container {
  readonly value: Record<string, unknown> | unknown[];
  key: string | undefined;
}

type Expected = "start" | "key" | "first key" | "colon" | "value" | "first value" | "comma" | "end";

const DEPTH_MAX = 64;
/** Nothing that is longer is a number or a word. */
const TOKEN_CHARS_MAX = 400;
const BLANK = /[ \t\n\r]/;
const NUMBER = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
]);
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Creates a reader of one object. What follows the object is not looked at. */
export function createJsonReader(): JsonReader {
  return new ObjectReader();
}

class ObjectReader implements JsonReader {
  readonly #stack: Container[] = [];
  #root: Record<string, unknown> | undefined;
  #expected: Expected = "start";
  #fault: string | undefined;
  /** A number or word that may go on. */
  #token = "";
  /** The text that is being read, decoded; undefined outside one. */
  #text: string | undefined;
  /** An escape within it that is not over, from its backslash on. */
  #escape = "";

  get value(): Record<string, unknown> | undefined {
    return this.#root;
  }

  get isComplete(): boolean {
    return this.#expected === "end";
  }

  get fault(): string | undefined {
    return this.#fault;
  }

  get open(): readonly string[] | undefined {
    if (this.#stack.length === 0) return undefined;
    const outer = this.#stack.slice(0, -1).map(({ key }) => key ?? "");
    const inner = this.#stack.at(-1);
    const isText = this.#text !== undefined && !this.#isKey();
    return isText && inner?.key !== undefined ? [...outer, inner.key] : outer;
  }

  push(text: string): void {
    let at = 0;
    while (at < text.length && this.#fault === undefined && !this.isComplete) {
      at = this.#text === undefined ? this.#readSign(text, at) : this.#readText(text, at);
    }
    if (this.#text !== undefined && !this.#isKey()) this.#put(this.#text);
  }

  #isKey(): boolean {
    return this.#expected === "key" || this.#expected === "first key";
  }

  #fail(message: string): void {
    this.#fault ??= message;
  }

  /** One sign outside of texts; where to read on. */
  #readSign(text: string, at: number): number {
    const sign = text[at] ?? "";
    if (/[\w.+-]/.test(sign)) {
      this.#token += sign;
      if (this.#token.length > TOKEN_CHARS_MAX) this.#fail("holds a number or word without end");
      return at + 1;
    }
    if (this.#token !== "") this.#endToken();
    if (this.#fault === undefined && !BLANK.test(sign)) this.#takeSign(sign);
    return at + 1;
  }

  #takeSign(sign: string): void {
    if (sign === "}" || sign === "]") this.#close(sign);
    else if (sign === "{" || sign === "[") this.#takeOpening(sign);
    else if (sign === '"') this.#takeQuote();
    else if (sign === ":" && this.#expected === "colon") this.#expected = "value";
    else if (sign === "," && this.#expected === "comma") this.#takeComma();
    else this.#misplace(sign);
  }

  get #isValue(): boolean {
    return this.#expected === "value" || this.#expected === "first value";
  }

  #takeOpening(sign: string): void {
    if (this.#isValue || (this.#expected === "start" && sign === "{")) {
      this.#openContainer(sign === "{" ? {} : []);
    } else this.#misplace(sign);
  }

  #takeQuote(): void {
    if (!this.#isValue && !this.#isKey()) {
      this.#misplace('"');
      return;
    }
    this.#text = "";
    if (this.#isValue) this.#begin();
  }

  #misplace(sign: string): void {
    this.#fail(`has ${JSON.stringify(sign)} where ${this.#name()} must be`);
  }

  #name(): string {
    if (this.#expected === "comma") return "a comma or the end of a list or object";
    if (this.#expected === "colon") return "a colon";
    if (this.#isKey()) return "a key in double quotes";
    return this.#expected === "start" ? "the object's opening bracket" : "a value";
  }

  #takeComma(): void {
    const inner = this.#stack.at(-1);
    if (inner !== undefined) inner.key = undefined;
    this.#expected = Array.isArray(inner?.value) ? "value" : "key";
  }

  #openContainer(value: Record<string, unknown> | unknown[]): void {
    if (this.#stack.length >= DEPTH_MAX) {
      this.#fail(`is nested deeper than ${DEPTH_MAX} levels`);
      return;
    }
    if (this.#stack.length === 0) this.#root = value as Record<string, unknown>;
    else {
      this.#begin();
      this.#put(value);
    }
    this.#stack.push({ value, key: undefined });
    this.#expected = Array.isArray(value) ? "first value" : "first key";
  }

  #close(sign: string): void {
    const inner = this.#stack.at(-1);
    const isList = Array.isArray(inner?.value);
    const mayEnd =
      this.#expected === "comma" || this.#expected === (isList ? "first value" : "first key");
    if (inner === undefined || !mayEnd || sign !== (isList ? "]" : "}")) {
      this.#misplace(sign);
      return;
    }
    this.#stack.pop();
    this.#expected = this.#stack.length === 0 ? "end" : "comma";
  }

  /** A value begins: in a list it is the next one. */
  #begin(): void {
    const inner = this.#stack.at(-1);
    if (inner !== undefined && Array.isArray(inner.value)) inner.key = String(inner.value.length);
  }

  #put(value: unknown): void {
    const inner = this.#stack.at(-1);
    if (inner?.key === undefined) return;
    if (Array.isArray(inner.value)) inner.value[Number(inner.key)] = value;
    else inner.value[inner.key] = value;
  }

  #endToken(): void {
    const token = this.#token;
    this.#token = "";
    if (!this.#isValue) {
      this.#fail(`has a number or word where ${this.#name()} must be`);
      return;
    }
    const value = WORDS.has(token) ? WORDS.get(token) : this.#toNumber(token);
    if (this.#fault !== undefined) return;
    this.#begin();
    this.#put(value);
    this.#expected = "comma";
  }

  #toNumber(token: string): number {
    const [whole, fraction, exponent] = NUMBER.exec(token) ?? [];
    const value = Number(token);
    if (whole === undefined)
      this.#fail("holds a word that is neither a number nor true, false, null");
    else if (!Number.isFinite(value)) this.#fail("holds a number that is too large");
    else if (fraction === undefined && exponent === undefined && !Number.isSafeInteger(value)) {
      this.#fail("holds a whole number beyond 2^53, which readers would round");
    }
    return Object.is(value, -0) ? 0 : value;
  }

  /** Within a text, up to its end or that of the piece; where to read on. */
  #readText(text: string, at: number): number {
    if (this.#escape !== "") return this.#readEscape(text, at);
    let end = at;
    while (end < text.length && text[end] !== '"' && text[end] !== "\\") {
      if (text.charCodeAt(end) < 32) this.#fail("holds a control character within a text");
      end += 1;
    }
    this.#text += text.slice(at, end);
    if (text[end] === "\\") this.#escape = "\\";
    if (text[end] === '"') this.#endText();
    return end + 1;
  }

  #readEscape(text: string, at: number): number {
    this.#escape += text[at] ?? "";
    const [, kind = "", ...digits] = this.#escape;
    if (kind !== "u") {
      const character = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : undefined;
      if (character === undefined) this.#fail("holds an escape that JSON does not know");
      this.#text += character ?? "";
      this.#escape = "";
    } else if (digits.length === 4) {
      const code = digits.join("");
      if (!/^[\da-f]{4}$/i.test(code)) this.#fail("holds an escape that JSON does not know");
      this.#text += String.fromCharCode(Number.parseInt(code, 16));
      this.#escape = "";
    }
    return at + 1;
  }

  #endText(): void {
    const text = this.#text ?? "";
    this.#text = undefined;
    if (!text.isWellFormed()) this.#fail("holds half a character");
    if (!this.#isKey()) {
      this.#text = undefined;
      this.#put(text);
      this.#expected = "comma";
      return;
    }
    const inner = this.#stack.at(-1);
    if (text === "__proto__") this.#fail("has a key __proto__");
    if (inner !== undefined && Object.hasOwn(inner.value, text)) this.#fail("has a key twice");
    if (inner !== undefined) inner.key = text;
    this.#expected = "colon";
  }
}
