/** The connections of a run, one after another. One that is dead says nothing of it: it is dropped here, so that the next is made. */

/** The service gives a sign of life more often, 15 s as it is delivered. */
const SILENCE_MS = 45_000;

export interface Line extends Disposable {
  /** Makes the next connection; while the browser knows of no network, it waits. Rejects as `send`. */
  connect(send: () => Promise<Response>, signal: AbortSignal): Promise<Response>;
}

/** Creates the line of a run. */
export function createLine(): Line {
  let drop = (): void => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const dropNow = (): void => drop();
  // What was open before the network went is never heard of again.
  addEventListener("online", dropNow);
  const listen = (body: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    const hear = (): void => {
      clearTimeout(timer);
      timer = setTimeout(dropNow, SILENCE_MS);
    };
    return body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        start(controller) {
          drop = () => controller.error(new TypeError("the connection is dead"));
          hear();
        },
        transform(chunk, controller) {
          hear();
          controller.enqueue(chunk);
        },
      }),
    );
  };
  return {
    async connect(send, signal) {
      clearTimeout(timer);
      await untilOnline(signal);
      const response = await send();
      if (!response.ok || response.body === null) return response;
      const { status, headers } = response;
      return new Response(listen(response.body), { status, headers });
    },
    [Symbol.dispose]() {
      removeEventListener("online", dropNow);
      clearTimeout(timer);
    },
  };
}

/** Rejects with the signal's reason. */
async function untilOnline(signal: AbortSignal): Promise<void> {
  if (navigator.onLine) return;
  const settled = new AbortController();
  await new Promise<void>((resolve, reject) => {
    const { signal: until } = settled;
    addEventListener("online", () => resolve(), { signal: until });
    signal.addEventListener("abort", () => reject(signal.reason as Error), { signal: until });
  }).finally(() => settled.abort());
}
