/** A JSON answer with the faults that any JSON answer can have: cut, stalled, broken, split. */
import { type AnswerContext, findFault } from "./answer-context.ts";
import { writeSplit } from "./play-stream.ts";
import { type End, endlessLine, finish, type Reply } from "./reply.ts";

/** Of a JSON body that is cut this share is sent. */
const CUT_SHARE = 0.5;

/** Sends a value, or JSON text as it is. */
export function replyJson(value: unknown, { faults }: AnswerContext): Reply {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const cut = findFault(
    faults,
    "stall-body",
    "stall-after",
    "reset-after",
    "eof-after",
    "malformed-after",
    "endless-line",
  );
  const split = findFault(faults, "split")?.value ?? 0;
  return (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const whole = Buffer.from(text);
    const length = cut === undefined ? whole.length : Math.floor(whole.length * CUT_SHARE);
    writeSplit(response, whole.subarray(0, length), split);
    if (cut?.name === "endless-line") endlessLine("")(response);
    else finish(response, toEnd(cut?.name));
  };
}

function toEnd(name: string | undefined): End {
  if (name === "stall-body" || name === "stall-after") return "hang";
  return name === "reset-after" ? "reset" : "clean";
}
