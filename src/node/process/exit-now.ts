/** The end of the process, which waits for nothing. */
import { mayStartPrograms } from "./restart-with.ts";

/** What the threads of libuv are busy with: files, and names of hosts. */
const POOLED = /^(?:FSReq|FileHandleCloseReq|GetAddrInfoReq|GetNameInfoReq)/;

/**
 * Ends the process with this code. Node's own exit waits until every thread is back from the system, which on a disk
 * that hangs is never, and a signal would end it under another code or, the first process of a container, not at all.
 * So where files are under way another program takes the process over, at once, and ends it. What is lost is
 * what a process that was killed would lose.
 */
export function exitNow(code: number): never {
  const { env, execPath } = process;
  const isBusy = process.getActiveResourcesInfo().some((name) => POOLED.test(name));
  if (isBusy && mayStartPrograms()) {
    const args = [execPath, "--eval", `process.exit(${code})`];
    process.execve?.(execPath, args, { ...env, NODE_OPTIONS: "" });
  }
  process.exit(code);
}
