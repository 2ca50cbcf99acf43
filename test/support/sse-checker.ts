/** Holds an event stream to its contract: ids count up (deltas that travel together have the id of the last), every event is one of the table, one `run-end`, nothing after it. */
import { createParser } from "eventsource-parser";
import { type RunEnd, RunEvent } from "../../src/domain/event.ts";
import { findContradictions } from "./run-checker.ts";

export interface CheckedStream {
  readonly events: readonly RunEvent[];
  /** Undefined: the stream was cut, which a client takes for a failure. */
  readonly end: RunEnd | undefined;
  /** The text-deltas, joined. */
  readonly text: string;
  readonly pings: number;
}

/** Reads a whole body. Throws with a sentence at the first breach of the contract. */
export function checkSse(body: string): CheckedStream {
  const events: RunEvent[] = [];
  let pings = 0;
  let lastId = 0;
  const parser = createParser({
    onEvent({ id, event, data }) {
      const parsed = RunEvent.parse(JSON.parse(data));
      const number = events.length + 1;
      const isJoined = parsed.type === "text-delta";
      const isNext = Number(id) === lastId + 1 || (isJoined && Number(id) > lastId);
      must(isNext, `event ${number} has the id ${id} after ${lastId}`);
      lastId = Number(id);
      must(event === parsed.type, `event ${number} is called ${event} and is a ${parsed.type}`);
      must(!events.some(({ type }) => type === "run-end"), `${parsed.type} came after run-end`);
      must(number > 1 || parsed.type === "run-start", `the first event is ${parsed.type}`);
      events.push(parsed);
    },
    onComment(comment) {
      must(comment.trim() === "ping", `a comment says ${comment}`);
      pings += 1;
    },
    onError(error) {
      throw error;
    },
  });
  parser.feed(body);
  const end = events.find((event) => event.type === "run-end");
  const rest = body.slice(body.lastIndexOf("\n\n") + 2);
  must(end === undefined || rest === "", "there are bytes after run-end");
  const [contradiction] = findContradictions(events);
  must(contradiction === undefined, contradiction ?? "");
  const text = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  return { events, end, text, pings };
}

function must(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(`the stream breaks its contract: ${sentence}`);
}
