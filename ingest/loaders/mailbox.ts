/** Mailboxes (mbox): many emails in one file, each a document of its own. */
import { fromByteText, toByteText } from "./byte-text.ts";
import { loadEmail } from "./email.ts";
import { type Loader, type LoadEvent, toProblem } from "./load-event.ts";

/** The line above each message: who sent it, and when. */
const START = /(?:^|(?<=\r?\n\r?\n))From [^\r\n]{1,500} \d{4}(?: [+-]\d{4})?[^\S\r\n]*\r?\n/g;
/** Lines of a message that began like one were quoted. */
const QUOTED = /^>(>*From )/gm;

/** Documents `file#1`, `file#2` and so on: new messages are put at the end. */
export const loadMailbox: Loader = async function* load(
  bytes,
  file,
  limits,
): AsyncGenerator<LoadEvent> {
  // Each message has encodings of its own.
  const text = toByteText(bytes);
  const [before = "", ...messages] = text.split(START);
  if (before.trim() !== "" || messages.length === 0) {
    yield toProblem(file.id, "damaged", "is no mailbox; save it anew, or its messages as .eml");
    return;
  }
  for (const [at, message] of messages.entries()) {
    const content = fromByteText(message.replace(QUOTED, "$1"));
    for await (const event of loadEmail(content, { ...file, id: `${file.id}#${at + 1}` }, limits)) {
      const { type } = event;
      yield type === "problem" ? event : { type, document: { ...event.document, source: file.id } };
    }
  }
};
