/** The events of a run on another machine, read from its event stream. */
import { RunEvent } from "../domain/event.ts";
import { AppError } from "../errors.ts";

const LINE_CHARS_MAX = 4 * 2 ** 20;

/** Yields every event up to `run-end`. A stream that stops before it throws AppError upstream_truncated. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<RunEvent, void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of readBytes(body)) {
    const lines = `${rest}${decoder.decode(bytes, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_CHARS_MAX) break;
    for (const line of lines) {
      if (!line.startsWith("data: ")) continue; // ids, names and pings: the data says it all
      const event = parseEvent(line.slice("data: ".length));
      yield event;
      if (event.type === "run-end") return;
    }
  }
  throw toTruncated();
}

async function* readBytes(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body;
  } catch (thrown) {
    throw toTruncated(thrown); // the connection was reset
  }
}

function toTruncated(cause?: unknown): AppError {
  const detail = "the answer broke off: the stream ended without its last event";
  return new AppError("upstream_truncated", { detail, cause });
}

function parseEvent(data: string): RunEvent {
  try {
    return RunEvent.parse(JSON.parse(data));
  } catch (thrown) {
    throw new AppError("upstream_bad_response", {
      detail: "the server sent an event this version does not know",
      cause: thrown,
    });
  }
}
