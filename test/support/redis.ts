/** A real redis-server on a free port of this machine. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { makeTempFolder } from "./local-store.ts";
import { findPort } from "../../scripts/edge/find-port.ts";

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** On the same port, with nothing in it. */
  restart(): Promise<void>;
}

/** Whether there is a redis-server, installing Debian's package if need be. Says so loudly when there is none. */
export function hasRedis(): boolean {
  if (isThere()) return true;
  try {
    // Another process may be installing something of its own.
    const wait = ["-o", "DPkg::Lock::Timeout=120"];
    execFileSync("apt-get", [...wait, "update", "-qq"], { stdio: "ignore", timeout: 180_000 });
    const args = [...wait, "install", "-y", "-qq", "--no-install-recommends", "redis-server"];
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
    execFileSync("apt-get", args, { stdio: "ignore", timeout: 180_000, env });
  } catch {
    // Said below.
  }
  if (isThere()) return true;
  const what = "there is no redis-server and the package could not be installed";
  if (process.env["CI"] === "true") throw new Error(what);
  console.warn(`\n!!! NOT TESTED: shared limits: ${what} !!!\n`);
  return false;
}

function isThere(): boolean {
  return spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status === 0;
}

export async function startRedis(): Promise<RedisServer> {
  const port = await findPort();
  const folder = await makeTempFolder();
  let server = await start(port, folder.path);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async kill(signal) {
      server.child.kill(signal);
      if (signal === "SIGKILL") await server.exit;
    },
    async restart() {
      server = await start(port, folder.path);
    },
    async [Symbol.asyncDispose]() {
      server.child.kill("SIGKILL");
      await server.exit;
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function start(port: number, dir: string) {
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", dir, "--save", ""];
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  const exit = new Promise((resolve) => child.once("close", resolve));
  let said = "";
  for await (const piece of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    said += String(piece);
    if (said.includes("Ready to accept connections")) break;
  }
  child.stdout.resume();
  if (child.exitCode !== null) throw new Error(`redis-server ended:\n${said}`);
  return { child, exit };
}
