/** Where in a trace something happens, and how that is told to others (W3C Trace Context, version 00). */

export interface TraceContext {
  /** 32 and 16 lower-case hex digits, never all zero. */
  readonly traceId: string;
  readonly spanId: string;
  /** Whether whoever began the trace records it. */
  readonly sampled: boolean;
  /** The trace begins here, and `spanId` is no span: there is nothing above. */
  readonly isNew?: true;
}

/** Of a later version there may be more behind the flags; version ff is forbidden. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const ALL_ZERO = /^0+$/;
const CHARS_MAX = 256;

/** Reads the header; undefined for one that is absent or not to be trusted, which begins a new trace. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  if (header === undefined || header.length > CHARS_MAX) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || (version === "00" && more !== undefined)) return undefined;
  if (ALL_ZERO.test(traceId) || ALL_ZERO.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The header for whoever is called from here; undefined where there is no span that could be named. */
export function toTraceparent(context: TraceContext | undefined): string | undefined {
  if (context === undefined || context.isNew === true) return undefined;
  const { traceId, spanId, sampled } = context;
  return `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`;
}

/** A trace that begins here. */
export function startTrace(): TraceContext {
  return { traceId: randomHex(16), spanId: createSpanId(), sampled: true, isNew: true };
}

/** Random, never all zero. */
export function createSpanId(): string {
  return randomHex(8);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
/** Randomness is fetched for many at once: every span needs some. */
const POOL_BYTES = 4_096;
let pool = new Uint8Array();

function randomHex(length: number): string {
  if (pool.length < length) pool = crypto.getRandomValues(new Uint8Array(POOL_BYTES));
  let digits = "";
  for (let at = 0; at < length; at += 1) {
    // The last digit is not zero, so that they are never all zero.
    const byte = (pool[at] ?? 0) | (at === length - 1 ? 1 : 0);
    digits += HEX[byte] ?? "";
  }
  pool = pool.subarray(length);
  return digits;
}
