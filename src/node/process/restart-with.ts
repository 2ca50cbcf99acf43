/** What can only be set when a process starts is set by replacing the process with itself. */

/** Holds the id of the process that was started again: that stays, whatever becomes of the variables. */
const MARK = "TRIBUTARY_RESTARTED";

/**
 * Starts this program again in the same process, once, with these variables and Node's flags. Call it before
 * anything else is loaded. Does nothing where the first variable is set: it was done, or someone has decided;
 * outside Linux; in a process with a channel to its parent, which would not outlive it; and in one that may start
 * no program (`--permission`).
 */
export function restartWith(
  variables: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): void {
  const { env, argv, execArgv, execPath, pid, channel } = process;
  const [first = ""] = Object.keys(variables);
  if (env[first] !== undefined || channel || !mayStartPrograms()) return;
  // From a Node with capabilities of its own (setcap, for ports below 1024) glibc takes what tells malloc something.
  if (env[MARK] === String(pid)) return;
  const args = [execPath, ...flags, ...execArgv, ...argv.slice(1)];
  process.execve?.(execPath, args, { ...env, ...variables, [MARK]: String(pid) });
}

/** Whether another program may take this process over. Node's types say that there are always permissions to ask for; there are with `--permission`. */
export function mayStartPrograms(): boolean {
  const { platform, permission } = process as Omit<NodeJS.Process, "permission"> & {
    readonly permission?: NodeJS.ProcessPermission;
  };
  return platform === "linux" && permission?.has("child") !== false;
}
