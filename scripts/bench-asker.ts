/** Asks a service over HTTP as cheaply as can be, so that many askers at once take little of the machine. */
import { Agent, request } from "node:http";

export interface Asked {
  readonly firstMs: number;
  readonly endMs: number;
  /** There was text, and one last event. */
  readonly complete: boolean;
  /** The last characters, for a look at the last event. */
  readonly tail: string;
}

const TAIL_CHARS = 8_000;
const END = /^event: run-end$/gm;

export interface Asker {
  ask(question: string): Promise<Asked>;
  close(): void;
}

/** Creates an asker with one connection per question under way. Times are from the sending of the question. */
export function createAsker(port: number): Asker {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        const startedMs = performance.now();
        const body = JSON.stringify({ question });
        const headers = {
          "content-type": "application/json",
          accept: "text/event-stream",
          "content-length": Buffer.byteLength(body),
        };
        const sent = request(
          { host: "127.0.0.1", port, path: "/v1/ask", method: "POST", agent, headers },
          (response) => {
            let firstMs = 0;
            let whole = "";
            response.setEncoding("utf8");
            response.on("data", (text: string) => {
              if (firstMs === 0 && text.includes("event: text-delta")) {
                firstMs = performance.now() - startedMs;
              }
              whole += text;
            });
            response.on("error", reject);
            response.on("end", () =>
              resolve({
                firstMs,
                endMs: performance.now() - startedMs,
                complete: firstMs > 0 && whole.match(END)?.length === 1,
                tail: `${response.statusCode} ${whole.slice(-TAIL_CHARS)}`,
              }),
            );
          },
        );
        sent.on("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}
