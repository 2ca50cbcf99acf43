/** Whether a process of this machine is there. */
import { isCode } from "../files/is-code.ts";

/** Also one of another user; a number that no process can have is none. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return isCode(thrown, "EPERM");
  }
}
