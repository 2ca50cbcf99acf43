/**
 * Makes Markdown harmless while it streams: no images, no HTML, links only to sources, no script
 * addresses. It never takes anything away: one blank at the right place turns a construct into plain
 * text, so nothing can be put together out of what is left, and little has to be held back.
 */
import { type CodeReader, createCodeReader } from "./code-reader.ts";
import type { SourceLinks } from "./source-links.ts";

export interface Sanitizer {
  push(piece: string): string;
  end(): string;
}

export interface SanitizerOptions {
  readonly links: SourceLinks;
  /** Code is shown as it is. False where sentences may be left out, and with them the end of the code. */
  readonly verbatimCode: boolean;
}

/** What stands in the text at some place, and how it may be shown; undefined: more text is needed to tell. */
type Step = { readonly length: number; readonly shown: string } | undefined;

const SPECIAL = /[<!\]:.`~$%\\\n]/g;
const SPECIAL_IN_FENCE = /[:\n]/g;
/** Enough of what was shown to know a scheme by. */
const TAIL_CHARS = 12;
/** What may follow an address before the blank that ends it. */
const AFTER_ADDRESS = /[.,:!?)*_]{0,8}(?:[\s<]|$)/y;

export function createSanitizer(options: SanitizerOptions): Sanitizer {
  return new MarkdownSanitizer(options);
}

class MarkdownSanitizer implements Sanitizer {
  readonly #links: SourceLinks;
  readonly #code: CodeReader;
  #held = "";
  #tail = "";

  constructor({ links, verbatimCode }: SanitizerOptions) {
    this.#links = links;
    this.#code = createCodeReader(verbatimCode);
  }

  push(piece: string): string {
    return this.#scan(this.#held + piece, false);
  }

  end(): string {
    return this.#scan(this.#held, true);
  }

  #scan(text: string, isLast: boolean): string {
    let out = "";
    let at = 0;
    while (at < text.length) {
      const step = this.#read(text, at, isLast);
      if (step === undefined) break;
      out += step.shown;
      this.#tail = (this.#tail + step.shown.slice(-TAIL_CHARS)).slice(-TAIL_CHARS);
      this.#code.pass(step.shown);
      at += step.length;
    }
    this.#held = text.slice(at);
    return out;
  }

  #read(text: string, at: number, isLast: boolean): Step {
    const block = this.#code.readBlock(text, at, { isLast, tail: this.#tail });
    if (block === "unknown") return undefined;
    if (block > 0) return { length: block, shown: text.slice(at, at + block) };
    const special = this.#code.inFence ? SPECIAL_IN_FENCE : SPECIAL;
    special.lastIndex = at;
    const next = special.exec(text)?.index ?? text.length;
    if (next > at) return { length: next - at, shown: text.slice(at, next) };
    if (at + 1 >= text.length && !isLast && text[at] !== "\n") return undefined;
    return this.#readSign(text, at, isLast);
  }

  #readSign(text: string, at: number, isLast: boolean): Step {
    const sign = text[at] ?? "";
    const next = text[at + 1] ?? "";
    if (sign === ":") return this.#readColon(text, at, isLast);
    const pair = sign + next;
    if (/^<[a-z/!?]/i.test(pair)) return this.#readLink(text, at, { lead: 1, close: ">", isLast });
    if (pair === "](") return this.#readLink(text, at, { lead: 2, close: ")", isLast });
    const isAddress = sign === "." && /www$/i.test(this.#tail) && /\S/.test(next);
    const breaks = pair === "![" || pair === "]:" || isAddress;
    return { length: 1, shown: breaks ? `${sign} ` : sign };
  }

  /** `](address)` and `<address>` stay whole when the address is a source's; else the opening is broken. */
  #readLink(
    text: string,
    at: number,
    { lead, close, isLast }: { lead: number; close: string; isLast: boolean },
  ): Step {
    const broken = { length: 1, shown: `${text[at] ?? ""} ` };
    const length = this.#links.match(text, at + lead);
    if (length === undefined) return isLast ? broken : undefined;
    const end = at + lead + length;
    if (length > 0 && end >= text.length && !isLast) return undefined;
    if (length === 0 || text[end] !== close || this.#tail.endsWith("\\")) return broken;
    // Where no link was opened, a renderer takes the bare address, and whatever is joined to it.
    const ends = endsAddress(text, end + 1, isLast);
    if (ends === undefined) return undefined;
    return { length: end + 1 - at, shown: `${text.slice(at, end + 1)}${ends ? "" : " "}` };
  }

  #readColon(text: string, at: number, isLast: boolean): Step {
    const next = text[at + 1] ?? "";
    const isScript = /(?:java|vb|live)script$/i.test(this.#tail);
    const isData = /(?:^|[^\p{L}\p{N}])(?:data|mailto)$/iu.test(this.#tail) && /\S/.test(next);
    if (isScript || isData) return { length: 1, shown: " :" };
    if (this.#code.inFence || next !== "/") return { length: 1, shown: ":" };
    if (at + 2 >= text.length && !isLast) return undefined;
    const isScheme = text[at + 2] === "/" && /[a-z0-9+.-]$/i.test(this.#tail);
    return isScheme ? this.#readAddress(text, at, isLast) : { length: 1, shown: ":" };
  }

  #readAddress(text: string, at: number, isLast: boolean): Step {
    const broken = { length: 1, shown: ": " };
    const scheme = /(?:^|[^\p{L}\p{N}])(https?)$/u.exec(this.#tail)?.[1];
    if (scheme === undefined) return broken;
    const length = this.#links.match(text, at, scheme);
    if (length === undefined) return isLast ? broken : undefined;
    if (length === 0) return broken;
    const ends = endsAddress(text, at + length, isLast);
    if (ends === undefined) return undefined;
    return ends ? { length, shown: text.slice(at, at + length) } : broken;
  }
}

/** Does an address end at `at`, for every renderer? Undefined: more text is needed to tell. */
function endsAddress(text: string, at: number, isLast: boolean): boolean | undefined {
  AFTER_ADDRESS.lastIndex = at;
  const after = AFTER_ADDRESS.exec(text)?.[0];
  if (after === undefined) return false;
  return isLast || /[\s<]$/.test(after) ? true : undefined;
}
