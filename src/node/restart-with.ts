/** What can only be set when a process starts is set by replacing the process with itself. */

/**
 * Starts this program again in the same process, once, with these variables and Node's flags. Call it before
 * anything else is loaded. Does nothing where the first variable is set: it was done, or someone has decided;
 * outside Linux; and in a process with a channel to its parent, which would not outlive it.
 */
export function restartWith(
  variables: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): void {
  const { env, argv, execArgv, execPath, platform, channel } = process;
  const [first = ""] = Object.keys(variables);
  if (platform !== "linux" || env[first] !== undefined || channel) return;
  const args = [execPath, ...flags, ...execArgv, ...argv.slice(1)];
  process.execve?.(execPath, args, { ...env, ...variables });
}
