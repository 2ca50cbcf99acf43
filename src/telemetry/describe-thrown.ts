/** How an error is told in a log: itself, what caused it, and the place that a bug came from. */
import { AppError } from "../errors.ts";

const CAUSES_MAX = 5;
const FRAMES_MAX = 8;
const ERROR_CODE = /^[A-Z][A-Z0-9_]{2,40}$/;

/** `hasContent`: what others said may be shown, which may quote what was asked or read. */
export function describeThrown(thrown: unknown, hasContent: boolean): string {
  const parts: string[] = [];
  let current: unknown = thrown;
  while (current !== undefined && current !== null && parts.length < CAUSES_MAX) {
    parts.push(describeOne(current, hasContent));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(" ← ");
}

/** What is not ours and may quote a text is withheld, unless content was asked for. */
function describeOne(thrown: unknown, hasContent: boolean): string {
  if (thrown instanceof AppError) return `${thrown.code}: ${thrown.message}`;
  if (!(thrown instanceof Error)) {
    if (!hasContent) return `${typeof thrown} (withheld; LOG_CONTENT shows it)`;
    return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? typeof thrown);
  }
  if (hasContent) return thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  // What the system says names paths and addresses; even the engine's own errors may quote a value.
  if ("syscall" in thrown) return `${thrown.name}: ${thrown.message}`;
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
  const name = ERROR_CODE.test(code) ? `${thrown.name} ${code}` : thrown.name;
  const head = `${name} (message withheld; LOG_CONTENT shows it)`;
  return [head, ...toFrames(thrown)].join("\n");
}

/** Where it was thrown, without the message in front. */
function toFrames({ stack = "", message }: Error): readonly string[] {
  const frames = stack.slice(stack.indexOf(message) + message.length).split("\n");
  return frames.filter((line) => /^ {4}at /.test(line)).slice(0, FRAMES_MAX);
}
