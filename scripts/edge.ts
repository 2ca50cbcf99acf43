/** The Worker on this machine, offline and without an account: `node scripts/edge.ts dev | check`. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { refuseUse } from "./command-line.ts";

/** Of the bundle as it is deployed, compressed, without the embedder's table, which is an asset. */
const GZIP_KIB_MAX = 400;
const OUT = ".wrangler/check";

/** Tells nobody what is built here, and asks no one for anything. */
const ENVIRONMENT = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
/** What the bundler says of its work: what each file imported, and which imports it left to the runtime. */
const Metafile = z.object({
  inputs: z.record(z.string(), z.object({ imports: z.array(z.object({ path: z.string() })) })),
  outputs: z.record(
    z.string(),
    z.object({
      imports: z.array(z.object({ path: z.string(), external: z.boolean().optional() })),
    }),
  ),
});
/** What the runtime has, and the kernel that lies beside the bundle. */
const ALLOWED = /^(cloudflare:workers|node:async_hooks|\.\/[\da-f]+-int8-scan\.wasm)$/;

/** Stands for files by their relative path, which one of another package may have as well. */
const OPENAI_SHIMS = "src/worker/openai-shims.ts";

/** Bindings that no machine but Cloudflare's has. */
const REMOTE = /^env\.(\S+).* (?:AI|Vectorize Index) *$/m;

const USAGE = "node scripts/edge.ts dev [options of wrangler dev] | check";

const [action, ...rest] = process.argv.slice(2);
if (action === "dev") {
  const environment = rest.some((arg) => /^(--env|-e)(=|$)/.test(arg)) ? [] : ["--env="];
  process.exitCode = (await wrangler(["dev", "--local", ...environment, ...rest], true)).code;
} else if (action === "check") process.exitCode = await check();
else if (action === "--help") console.log(`Usage: ${USAGE}`);
else refuseUse("it takes dev or check", USAGE);

/** The Worker at the top of wrangler.toml, which needs no account, and its named environments. */
async function check(): Promise<number> {
  const text = await readFile("wrangler.toml", "utf8");
  const named = new Set([...text.matchAll(/^\[+env\.([\w-]+)/gm)].map(([, name = ""]) => name));
  for (const environment of ["", ...named]) {
    const code = await checkOne(environment);
    if (code !== 0) return code;
  }
  return 0;
}

/** Bundles as for deployment: fails on an import that only Node has, and on a bundle that has grown too large. */
async function checkOne(environment: string): Promise<number> {
  const { code, output } = await wrangler(
    ["deploy", "--dry-run", "--minify", "--metafile", "--outdir", OUT, `--env=${environment}`],
    false,
  );
  if (code !== 0) {
    console.error(output);
    return code;
  }
  const text = await readFile(`${OUT}/bundle-meta.json`, "utf8");
  const { inputs, outputs } = Metafile.parse(JSON.parse(text));
  const [robbed] = Object.entries(inputs).find(
    ([file, { imports }]) =>
      !file.includes("node_modules/openai/") && imports.some(({ path }) => path === OPENAI_SHIMS),
  ) ?? [undefined];
  const foreign = Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .find(({ path, external }) => external === true && !ALLOWED.test(path));
  const size = Number(/gzip: ([\d.]+) KiB/.exec(output)?.[1]);
  const name = environment === "" ? "the Worker" : `the Worker's environment ${environment}`;
  console.log(`${name}: a bundle of ${size} KiB compressed, at most ${GZIP_KIB_MAX}`);
  if (foreign !== undefined) {
    console.error(`the bundle imports ${foreign.path}, which a Worker does not have`);
  }
  if (robbed !== undefined) {
    console.error(`an alias in wrangler.toml takes more than it is for: an import of ${robbed}`);
  }
  const remote = environment === "" ? REMOTE.exec(output)?.[1] : undefined;
  if (remote !== undefined) {
    console.error(`the binding ${remote} needs an account: declare it in a named environment`);
  }
  const isFit = foreign === undefined && robbed === undefined && remote === undefined;
  return isFit && size <= GZIP_KIB_MAX ? 0 : 1;
}

function wrangler(
  args: readonly string[],
  isShown: boolean,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn("node_modules/.bin/wrangler", [...args], {
    env: { ...process.env, ...ENVIRONMENT },
    stdio: isShown ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout?.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (output += data.toString()));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
