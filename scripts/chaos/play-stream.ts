/** Plays prepared frames over time: what is due is written in one call, and never faster than the client takes it. */
import type { ServerResponse } from "node:http";
import type { Random } from "./random.ts";
import { type End, type Filler, finish } from "./reply.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** Milliseconds, or a range of them of which each wait takes its own. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

export interface StreamPlan {
  /** Each a whole event on the wire. */
  readonly frames: readonly string[];
  readonly end: End;
  /** Fills the silence where the end is one. */
  readonly filler?: Filler | undefined;
  /** Between frames. */
  readonly gap: Span;
  /** Bytes in a piece; 0: whole frames. */
  readonly split: number;
}

export interface Player {
  readonly wheel: TimerWheel;
  readonly random: Random;
}

/** Beyond it the client is behind, and the stream waits for it. */
const BEHIND_BYTES_MAX = 64 * 1024;
/** A look at whether a client that was behind has caught up. */
const BEHIND_MS = 10;

/** Sends the head and then the frames; stops when the client leaves. */
export function playStream(response: ServerResponse, plan: StreamPlan, player: Player): void {
  const { frames, gap } = plan;
  const { wheel, random } = player;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.flushHeaders();
  const write = createWriter(response, plan.split);
  let sent = 0;
  let dueMs = performance.now();
  const step = (): void => {
    if (response.destroyed) return;
    const nowMs = performance.now();
    if ((response.socket?.writableLength ?? 0) > BEHIND_BYTES_MAX) {
      dueMs = nowMs + BEHIND_MS;
      wheel.after(BEHIND_MS, step);
      return;
    }
    const from = sent;
    while (sent < frames.length && dueMs <= nowMs) {
      sent += 1;
      dueMs += toMs(gap, random);
    }
    if (sent > from) write(frames.slice(from, sent));
    if (sent < frames.length) wheel.after(dueMs - nowMs, step);
    else if (plan.end === "hang" && plan.filler) plan.filler(response);
    else finish(response, plan.end);
  };
  step();
}

/** A wait within the span. */
export function toMs({ low, high }: Span, random: Random): number {
  return high > low ? low + random() * (high - low) : low;
}

/** Frames as wire bytes, kept because many streams send the same ones. */
const encoded = new Map<string, Buffer>();
const ENCODED_MAX = 20_000;

function encode(frame: string): Buffer {
  const known = encoded.get(frame);
  if (known !== undefined) return known;
  const bytes = Buffer.from(frame);
  const chunked = Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from("\r\n"),
  ]);
  if (encoded.size >= ENCODED_MAX) encoded.clear();
  encoded.set(frame, chunked);
  return chunked;
}

/**
 * Writes frames. Whole ones go to the socket with their chunked framing already on them, which spares
 * the HTTP layer's three buffers a write; clients that take no chunks, and split frames, go through it.
 */
function createWriter(
  response: ServerResponse,
  split: number,
): (frames: readonly string[]) => void {
  const { socket } = response;
  if (split === 0 && response.chunkedEncoding && socket !== null) {
    return (frames) => {
      const [only] = frames;
      const bytes =
        frames.length === 1 && only !== undefined
          ? encode(only)
          : Buffer.concat(frames.map(encode));
      socket.write(bytes);
    };
  }
  return (frames) => writeSplit(response, Buffer.from(frames.join("")), split);
}

/** In pieces of so many bytes, each written on its own; 0: in one. */
export function writeSplit(response: ServerResponse, bytes: Buffer, split: number): void {
  const size = split === 0 ? Math.max(1, bytes.length) : split;
  for (let at = 0; at < bytes.length; at += size) response.write(bytes.subarray(at, at + size));
}
