/** The events of a run on another machine, read from its event stream. */
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import { RunEvent } from "../../domain/event.ts";
import { AppError } from "../../errors.ts";

const EVENT_CHARS_MAX = 4 * 2 ** 20;

/** Yields every event up to `run-end`. A stream that stops before it throws AppError upstream_truncated. */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<RunEvent, void> {
  const messages = body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: EVENT_CHARS_MAX }));
  for await (const { data } of readMessages(messages)) {
    const event = parseEvent(data);
    yield event;
    if (event.type === "run-end") return;
  }
  throw toTruncated();
}

async function* readMessages(
  messages: ReadableStream<EventSourceMessage>,
): AsyncGenerator<EventSourceMessage, void> {
  try {
    yield* messages;
  } catch (thrown) {
    throw toTruncated(thrown); // the connection was reset, or an event is larger than any of ours
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
