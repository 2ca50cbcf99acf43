/** Tries a store on object storage against `moto`, a server that speaks S3: `node scripts/check-object-store.ts`. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Program, startProgram } from "./bench-program.ts";
import { readCommandLine } from "./command-line.ts";

readCommandLine("node scripts/check-object-store.ts", {});

const MOTO = "moto[server,s3]==5.2.5";
/** Kept between runs. */
const PLACE = join(tmpdir(), "tributary-moto");
const ROOT = new URL("..", import.meta.url).pathname;
const LEASE_MS = 4_000;
const PATIENCE_MS = 30_000;
/** What must never be said. */
const SECRET = "zqsecretkey";
const QUESTION = { question: "How deep is the lighthouse cellar?", collections: ["notes"] };

function installMoto(): string | undefined {
  const given = process.env["MOTO_SERVER"];
  if (given !== undefined) return given;
  const path = join(PLACE, "bin", "moto_server");
  if (existsSync(path)) return path;
  try {
    execFileSync("python3", ["-m", "venv", PLACE], { stdio: "ignore", timeout: 120_000 });
    const pip = ["-m", "pip", "install", "--quiet", MOTO];
    execFileSync(join(PLACE, "bin", "python"), pip, { stdio: "ignore", timeout: 300_000 });
  } catch {
    return undefined; // said by the caller
  }
  return existsSync(path) ? path : undefined;
}

interface World {
  readonly env: Readonly<Record<string, string>>;
  /** Documents to ingest. */
  readonly folder: string;
  readonly said: string[];
  readonly storage: Storage;
}

interface Storage extends AsyncDisposable {
  readonly port: number;
  signal(signal: NodeJS.Signals): void;
}

async function check(moto: string, folder: string): Promise<number> {
  await using storage = await startMoto(moto);
  const world: World = {
    folder,
    storage,
    said: [],
    env: {
      DATA_DIR: "s3://bucket/kb",
      STORE_OPTIONS: `endpoint=http://127.0.0.1:${storage.port},allow_http=true,region=us-east-1,access_key_id=id,secret_access_key=${SECRET}`,
      STORE_LEASE_MS: String(LEASE_MS),
      PORT: "0",
    },
  };
  const results: [string, boolean][] = [];
  for (const [what, attempt] of CHECKS) {
    const startMs = performance.now();
    const isOk = await attempt(world).catch((thrown: unknown) => {
      console.error(thrown);
      return false;
    });
    console.log(`${isOk ? "ok" : "NO"}  ${what} (${Math.round(performance.now() - startMs)} ms)`);
    results.push([what, isOk]);
  }
  const isSilent = !world.said.join("").includes(SECRET);
  console.log(`${isSilent ? "ok" : "NO"}  no program has said the secret`);
  return isSilent && results.every(([, isOk]) => isOk) ? 0 : 1;
}

const CHECKS: readonly (readonly [string, (world: World) => Promise<boolean>])[] = [
  ["an empty place is no store for the doctor", async (world) => (await doctor(world)) !== 0],
  ["ingest puts a collection there", ingestFirst],
  ["the doctor finds it sound", async (world) => (await doctor(world)) === 0],
  ["two services answer from it, and both see the next commit", askTwo],
  ["a second writer is refused with exit code 75", refuseSecond],
  ["a killed writer is taken over from, and nothing is lost or doubled", takeOver],
  [
    "while storage hangs, a service answers from memory and says so, and one that may not refuses",
    thaw,
  ],
  ["a place that cannot be reached says so in a line, and shows no secret", refuseWrong],
];

async function ingestFirst(world: World): Promise<boolean> {
  await writeDocument(world, "tower", "The lighthouse tower is forty metres high.");
  return (await ingest(world).exit) === 0;
}

async function askTwo(world: World): Promise<boolean> {
  await using one = await startProgram("../src/node/main.ts", world.env);
  await using two = await startProgram("../src/node/main.ts", world.env);
  if ((await ask(one)).includes("seventeen")) return false;
  await writeDocument(world, "cellar", "The lighthouse cellar is seventeen metres deep.");
  if ((await ingest(world).exit) !== 0) return false;
  for (const service of [one, two]) {
    if (!(await until(async () => (await ask(service)).includes("seventeen")))) return false;
  }
  return true;
}

/** Processes do not start at the same moment: so many times the others may find that the first is done. */
const MEETINGS_MAX = 5;

/** Three at once: one writes, and the others are refused while it does. */
async function refuseSecond(world: World): Promise<boolean> {
  for (let copy = 1; copy <= MEETINGS_MAX; copy += 1) {
    await cp(join(ROOT, "data", "guide"), join(world.folder, `guide-${copy}`), { recursive: true });
    const codes = await Promise.all([1, 2, 3].map(() => ingest(world).exit));
    if (codes.some((code) => code !== 0 && code !== 75) || !codes.includes(0)) return false;
    if (codes.includes(75)) return true;
  }
  return false;
}

const KILLS_MIN = 2;
/** A slow machine takes its time before it has the lease. */
const KILLS_MAX = 12;

/** Killed later and later; at one of the moments at least, the lease must have been held. */
async function takeOver(world: World): Promise<boolean> {
  let refused = 0;
  for (let copy = 1; copy <= KILLS_MAX; copy += 1) {
    if (copy > KILLS_MIN && refused > 0) break;
    const folder = join(world.folder, `copy${copy}`);
    await cp(join(ROOT, "data", "guide"), folder, { recursive: true });
    const killed = ingest(world);
    await new Promise((resolve) => setTimeout(resolve, 700 + 200 * copy));
    killed.child.kill("SIGKILL");
    await killed.exit;
    const isDone = await until(async () => {
      const code = await ingest(world).exit;
      if (code === 75) refused += 1;
      return code === 0;
    });
    if (!isDone) return false;
  }
  return refused > 0 && (await doctor(world)) === 0;
}

async function thaw(world: World): Promise<boolean> {
  await using service = await startProgram("../src/node/main.ts", world.env);
  const strictEnv = { ...world.env, STALE_MS_MAX: "0" };
  await using strict = await startProgram("../src/node/main.ts", strictEnv);
  const knows = async (one: Program): Promise<boolean> => (await ask(one)).includes("seventeen");
  if (!(await until(async () => (await knows(service)) && (await knows(strict))))) return false;
  world.storage.signal("SIGSTOP");
  try {
    // What is known of the collection counts for FRESHNESS_MS.
    if (!(await until(async () => (await ask(strict)) === ""))) return false;
    const isTold = await until(async () => {
      const { answer, degraded } = await askWhole(service);
      return answer.includes("seventeen") && degraded.includes("collection_stale:notes");
    });
    if (!isTold) return false;
  } finally {
    world.storage.signal("SIGCONT");
  }
  return await until(async () => {
    const { answer, degraded } = await askWhole(service);
    return answer.includes("seventeen") && degraded.length === 0 && (await knows(strict));
  });
}

async function refuseWrong(world: World): Promise<boolean> {
  const options = `endpoint=http://127.0.0.1:9,allow_http=true,region=us-east-1,access_key_id=id,secret_access_key=${SECRET},client_max_retries=0`;
  const run = start("ingest/main.ts", ["list"], {
    ...world,
    env: { ...world.env, STORE_OPTIONS: options },
  });
  return (await run.exit) !== 0 && run.output().trim().split("\n").length === 1;
}

function ingest(world: World) {
  return start("ingest/main.ts", [world.folder, "--collection", "notes"], world);
}

async function doctor(world: World): Promise<number | null> {
  return start("ingest/main.ts", ["doctor"], world).exit;
}

function start(file: string, args: readonly string[], { env, said }: World) {
  const child = spawn(process.execPath, [join(ROOT, file), ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const own: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      own.push(piece);
      said.push(piece);
    });
  }
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, exit, output: () => own.join("") };
}

async function ask(service: Program): Promise<string> {
  return (await askWhole(service)).answer;
}

async function askWhole({ port }: Program) {
  const response = await fetch(`http://127.0.0.1:${port}/v1/ask`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(QUESTION),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const { answer = "", degraded = [] } = (await response.json()) as {
    answer?: string;
    degraded?: readonly string[];
  };
  return { answer, degraded };
}

async function until(attempt: () => Promise<boolean>): Promise<boolean> {
  for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs;) {
    if (await attempt()) return true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return false;
}

async function writeDocument({ folder }: World, name: string, text: string): Promise<void> {
  await writeFile(join(folder, `${name}.md`), `# ${name}\n\n${text}\n`);
}

/** On a port that it chooses itself, with the bucket made. */
async function startMoto(moto: string): Promise<Storage> {
  const child: ChildProcess = spawn(moto, ["-H", "127.0.0.1", "-p", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = new Promise((resolve) => child.once("close", resolve));
  const port = await new Promise<number>((resolve, reject) => {
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        const found = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
    }
    child.once("close", () => reject(new Error(`moto ended:\n${text}`)));
  });
  const headers = {
    Authorization: "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request",
  };
  // It says its address a little before it answers.
  await until(async () =>
    fetch(`http://127.0.0.1:${port}/bucket`, { method: "PUT", headers }).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return {
    port,
    signal: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}

const server = installMoto();
if (server === undefined) {
  console.warn(
    "\n!!! NOT TRIED: a store on object storage. It needs python3 with venv and pip, or MOTO_SERVER, the path of moto_server !!!\n",
  );
} else {
  const folder = await mkdtemp(join(tmpdir(), "tributary-object-store-"));
  try {
    process.exitCode = await check(server, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
