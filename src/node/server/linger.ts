/**
 * A refusal that overtakes the body of its request has to arrive. Whoever closes a connection in which bytes wait
 * resets it, and a proxy that is still sending then takes the answer for none: 502 instead of 413 or 401.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * For a server's requests: when the response is written before the body has come, its side of the connection is
 * closed alone, and the body is read on and thrown away until it ends. `REQUEST_TIMEOUT_MS` limits that, as it
 * limits every body.
 */
export function lingerOnClose(request: IncomingMessage, response: ServerResponse): void {
  // Before Node's own listener, which closes.
  response.prependOnceListener("finish", () => {
    const { socket } = request;
    if (request.complete || socket.destroyed) return;
    let isClosing = false;
    const destroySoon = socket.destroySoon.bind(socket);
    socket.destroySoon = () => {
      isClosing = true;
      socket.end();
    };
    request.once("end", () => {
      socket.destroySoon = destroySoon;
      if (isClosing) destroySoon();
    });
    // Whoever has read a part of it would hold up the rest.
    request.removeAllListeners("data").resume();
  });
}
