/** A port for a program that cannot be asked which one it took. */
import { randomInt } from "node:crypto";
import { createServer } from "node:http";

/** Below those that systems hand out themselves: of these, any connection may take one before the program does. */
const LEAST = 10_000;
const MOST = 32_000;

/** A port of 127.0.0.1 that was free a moment ago. */
export async function findPort(): Promise<number> {
  for (;;) {
    const port = randomInt(LEAST, MOST);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
