/** Clients of the serving benches on plain sockets: cheap enough for ten thousand of them in one process. */
import { connect, type Socket } from "node:net";

const EVENTS = "text/event-stream";

/** One question as bytes of HTTP. */
function toRequest(question: string, accept = EVENTS): string {
  const body = JSON.stringify({ question });
  return `POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: ${accept}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export interface OpenStream {
  readonly socket: Socket;
  /** Resolves with the last bytes it got, when the connection closes or the response has ended. */
  readonly ended: Promise<string>;
}

const TAIL_CHARS = 20_000;

/** Asks for an event stream and hands every piece of it over. */
export function openStream(
  port: number,
  question: string,
  onText: (text: string) => void,
): OpenStream {
  const socket = connect({ port, host: "127.0.0.1" });
  let tail = "";
  const ended = new Promise<string>((resolve) => {
    socket.setEncoding("utf8").on("data", (data) => {
      const text = String(data);
      tail = `${tail}${text}`.slice(-TAIL_CHARS);
      onText(text);
      if (text.endsWith("0\r\n\r\n")) resolve(tail);
    });
    socket.on("error", () => undefined).once("close", () => resolve(tail));
  });
  socket.write(toRequest(question));
  return { socket, ended };
}

/** Waits until it is true; throws when it is not after `limitMs`. */
export async function until(isTrue: () => boolean, limitMs = 60_000): Promise<void> {
  const startMs = performance.now();
  while (!isTrue()) {
    if (performance.now() - startMs > limitMs) throw new Error("it did not come to that in time");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
