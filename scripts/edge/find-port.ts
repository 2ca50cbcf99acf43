/** A port for a program that cannot be asked which one it took. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A port of 127.0.0.1 that was free a moment ago. */
export async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
