/** The container files, without an engine: they are linted, and what the image would hold is put together and run. */
import { execFile } from "node:child_process";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { validate } from "dockerfile-utils";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { describeSettings, parseConfig } from "../src/config.ts";
import { makeTempFolder } from "./support/local-store.ts";
import { startProgram } from "./support/process.ts";

const run = promisify(execFile);
const dockerfile = readFileSync("Dockerfile", "utf8");
/** One instruction a line. */
const lines = dockerfile.replaceAll(/\\\n\s*/g, "").split("\n");
const find = (instruction: string): readonly string[] =>
  lines.filter((line) => line.startsWith(`${instruction} `));
interface Compose {
  readonly services: {
    readonly tributary: {
      readonly ports: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
      readonly volumes: readonly string[];
      readonly read_only: boolean;
      readonly tmpfs: readonly string[];
      readonly stop_grace_period: string;
    };
    readonly redis: {
      readonly profiles: readonly string[];
      readonly read_only: boolean;
      readonly command: readonly string[];
    };
  };
}
const compose = (): Compose => parse(readFileSync("compose.yaml", "utf8")) as Compose;
const readCommand = (line = ""): readonly string[] =>
  JSON.parse(line.slice(line.indexOf("["))) as readonly string[];

test("the Dockerfile has no fault that a linter knows, and does not run as root", () => {
  expect(validate(dockerfile)).toEqual([]);
  expect(find("FROM")).toHaveLength(2);
  expect(find("USER").at(-1)).toBe("USER 1000");
  expect(lines.findLastIndex((line) => line.startsWith("COPY"))).toBeLessThan(
    lines.findLastIndex((line) => line.startsWith("USER")),
  );
});

const stageEnv = (): Readonly<Record<string, string>> => {
  const stage = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM")));
  const pairs = stage
    .filter((line) => line.startsWith("ENV "))
    .flatMap((line) => [...line.matchAll(/([A-Z_]+)=(\S+)/g)]);
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, value]));
};

test("what is installed in one image runs in the other: the same, with glibc, and a Node that is new enough", () => {
  const images = find("FROM").map((line) => line.split(" ")[1] ?? "");
  expect(new Set(images).size).toBe(1);
  expect(images[0]).not.toContain("alpine");
  expect(Number(/^node:(\d+)-/.exec(images[0] ?? "")?.[1])).toBeGreaterThanOrEqual(24);
  // The lockfile is the one that this checkout was installed from.
  expect(find("RUN").join("\n")).toContain("pnpm install --prod --frozen-lockfile");
});

test("the port and the folder that the service is told are those that are open, and kept, and its own", () => {
  const { PORT = "", DATA_DIR = "" } = stageEnv();
  const { services } = compose();
  expect(find("EXPOSE")).toEqual([`EXPOSE ${PORT}`]);
  for (const port of services.tributary.ports) expect(port.split(":").at(-1)).toBe(PORT);
  expect(find("VOLUME")).toEqual([`VOLUME ${DATA_DIR}`]);
  expect(find("RUN").at(-1)).toBe(`RUN mkdir ${DATA_DIR} && chown node:node ${DATA_DIR}`);
  expect(services.tributary.volumes).toContain(`store:${DATA_DIR}`);
});

test("a linter finds a planted fault", () => {
  expect(validate("FROM node\nCOPY\n")).not.toEqual([]);
});

test("the image starts the service as pnpm start does", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: { start: string };
  };
  expect(readCommand(find("CMD")[0]).join(" ")).toBe(scripts.start);
});

test("what the image would hold asks for a key by a command that it has, serves, is healthy, and ends when it is told to", async () => {
  await using image = await makeTempFolder();
  await using store = await makeTempFolder();
  const copied = find("COPY").slice(find("COPY").findIndex((line) => line.includes("--from")) + 1);
  for (const source of copied.flatMap((line) => line.split(" ").slice(1, -1))) {
    cpSync(source, join(image.path, source), { recursive: true });
  }
  symlinkSync(resolve("node_modules"), join(image.path, "node_modules"));
  const env = stageEnv();
  expect(env).toMatchObject({ HOST: "0.0.0.0", DATA_DIR: "/data" });
  const [node, ...args] = readCommand(find("CMD")[0]);
  expect(node).toBe("node");
  const own = { DATA_DIR: store.path, PORT: "0" };
  await using keyless = startProgram(args.at(-1) ?? "", [], { ...env, ...own }, image.path);
  expect(await keyless.exit).toBe(2);
  const [command = ""] = /(?<=\(node )src\S+ create --name NAME/.exec(keyless.stderr()) ?? [];
  const made = await run(process.execPath, command.split(" "), {
    cwd: image.path,
    env: { ...env, ...own },
  });
  expect(made.stdout).toContain("trib_");
  await using program = startProgram(args.at(-1) ?? "", [], { ...env, ...own }, image.path);
  await program.printed("pnpm ask");
  const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(program.stdout())?.[1] ?? "";
  const [, ...check] = readCommand(/CMD (\[.*)$/.exec(find("HEALTHCHECK")[0] ?? "")?.[1]);
  await run(process.execPath, [...check], { env: { PORT: port } });
  program.kill("SIGTERM");
  expect(await program.exit).toBe(0);
  await expect(run(process.execPath, [...check], { env: { PORT: port } })).rejects.toThrow(
    "Command failed",
  );
});

test("the compose file starts this image, open to this machine alone, with settings that exist", () => {
  const { ports, environment } = compose().services.tributary;
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:8787$/);
  const known = new Set(describeSettings().map(({ variable }) => variable));
  expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
});

test("composed, the service may write where it must, has the time to drain, and Redis comes when it is asked for alone", () => {
  const { tributary, redis } = compose().services;
  expect([tributary.read_only, tributary.tmpfs]).toEqual([true, ["/tmp"]]);
  const graceMs = Number(/^(\d+)s$/.exec(tributary.stop_grace_period)?.[1]) * 1_000;
  expect(graceMs).toBeGreaterThan(parseConfig({}).drainGraceMs);
  expect(redis.profiles).toEqual(["redis"]);
  // Nothing is saved in a container that may not write.
  expect([redis.read_only, redis.command.slice(0, 3)]).toEqual([
    true,
    ["redis-server", "--save", ""],
  ]);
});

test("the unit for systemd starts the service as pnpm start does, with settings that exist, and lets it drain", () => {
  const unit = readFileSync("docs/tributary.service", "utf8");
  const read = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1] ?? "";
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: { start: string };
  };
  expect(read("ExecStart")).toBe(`/usr/bin/${scripts.start}`);
  const known = new Set(["NODE_ENV", ...describeSettings().map(({ variable }) => variable)]);
  const names = read("Environment")
    .split(" ")
    .map((pair) => pair.split("=")[0] ?? "");
  expect(names.filter((name) => !known.has(name))).toEqual([]);
  expect(Number(read("TimeoutStopSec")) * 1_000).toBeGreaterThan(parseConfig({}).drainGraceMs);
});

test("what the image needs is not kept from the builder", () => {
  const allowed = readFileSync(".dockerignore", "utf8").match(/^!.+$/gm) ?? [];
  const needed = find("COPY")
    .filter((line) => !line.includes("--from"))
    .flatMap((line) => line.split(" ").slice(1, -1));
  expect(new Set(allowed.map((line) => line.slice(1)))).toEqual(new Set(needed));
});

test("npx of an older Node may bring the one that is needed", () => {
  // npm checks devEngines against itself before it runs anything, and would refuse the README's first command.
  const parsed = JSON.parse(readFileSync("package.json", "utf8")) as Record<string, unknown>;
  expect(parsed["devEngines"]).toBeUndefined();
  expect(parsed["engines"]).toEqual({ node: ">=24" });
});
