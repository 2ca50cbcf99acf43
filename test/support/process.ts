/** Programs of this project as child processes. */
import { spawn } from "node:child_process";

export interface Program {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when the text has been printed; rejects with everything printed when the program ends before. */
  printed(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly exit: Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a program of this project under an environment without settings but these. */
export function startProgram(
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Program {
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (piece: string) => {
      text[name] += piece;
      for (const look of waiting) look();
    });
  }
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    pid: child.pid ?? 0,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    exit,
    kill: (signal) => void child.kill(signal),
    async printed(wanted) {
      const found = Promise.withResolvers<"found">();
      const look = (): void => {
        if (`${text.stdout}${text.stderr}`.includes(wanted)) found.resolve("found");
      };
      waiting.add(look);
      look();
      const first = await Promise.race([found.promise, exit]);
      waiting.delete(look);
      if (first === "found") return;
      throw new Error(`ended with ${first}:\n${text.stdout}${text.stderr}`);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}

/** The service, where it can be asked. */
export interface ServiceProgram extends Program {
  readonly url: string;
}

/** Starts the service on a free port and waits until it says its address. */
export async function startService(env: Readonly<Record<string, string>>): Promise<ServiceProgram> {
  const program = startProgram("src/node/main.ts", [], { PORT: "0", ...env });
  await program.printed("pnpm ask");
  return Object.assign(program, { url: /http:\/\/\S+:\d+/.exec(program.stdout())?.[0] ?? "" });
}

/** The whole run of a program. */
export async function runProgram(
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  await using program = startProgram(file, args, env);
  const code = await program.exit;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}
