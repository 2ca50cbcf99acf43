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
const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

function randomHex(length: number): string {
  if (used + length > POOL_BYTES) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const end = used + length;
  let digits = "";
  for (; used < end - 1; used += 1) digits += HEX[pool[used] ?? 0] ?? "";
  // The last digit is not zero, so that they are never all zero.
  digits += HEX[(pool[used] ?? 0) | 1] ?? "";
  used = end;
  return digits;
}
