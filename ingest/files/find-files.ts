/**
 * Paths, folders and globs to the files to load, each with the id its documents will have.
 * The id is the path relative to what was named: to a named folder, to the fixed part of a glob (`docs` in
 * `docs/**\/*.md`), and for a named file its own name. So the same command gives the same ids from any directory.
 * When two arguments give two files one id, the second is refused: name their common folder instead.
 */
import type { Stats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import pMap from "p-map";
import { glob, isDynamicPattern } from "tinyglobby";
import { addIgnoreRules, findOuterRules, type IgnoreRules, isIgnored } from "./gitignore.ts";
import { INGEST_LIMITS, type IngestLimits } from "../limits.ts";
import { toReadProblem, toSizeProblem } from "./read-regular.ts";
import { findFormat, READABLE } from "../../src/domain/format.ts";
import { type Problem, type ProblemCode, toProblem } from "../loaders/load-event.ts";

export interface FoundFile {
  /** Absolute, links resolved. */
  readonly path: string;
  /** Relative to what was named, with `/`. */
  readonly id: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface SkippedFile extends Problem {
  readonly path: string;
  /** The user asked for this very path or pattern: better to stop than to go on without it. */
  readonly isNamed: boolean;
}

export interface Found {
  /** In the order of the arguments, then of names. */
  readonly files: readonly FoundFile[];
  readonly skipped: readonly SkippedFile[];
}

export interface FindOptions {
  /** What relative arguments are relative to. */
  readonly cwd: string;
  readonly limits?: IngestLimits;
}

const ALWAYS_IGNORED: ReadonlySet<string> = new Set(["node_modules", ".git"]);
/** File system calls of one folder at the same time. */
const STAT_CONCURRENCY_MAX = 16;

interface Search {
  readonly limits: IngestLimits;
  readonly signal: AbortSignal;
  /** By real path. */
  readonly files: Map<string, FoundFile>;
  readonly paths: Map<string, string>;
  readonly skipped: SkippedFile[];
}

/** One argument being walked. `matched` holds the ids a glob chose; without it everything is. */
interface Root {
  readonly matched?: ReadonlySet<string>;
}

/**
 * Finds what to load. Hidden files, node_modules and what a .gitignore names are passed over in silence;
 * whatever else is not loaded is in `skipped` with its reason. Throws the signal's reason only.
 */
export async function findFiles(
  patterns: readonly string[],
  { cwd, limits = INGEST_LIMITS }: FindOptions,
  signal: AbortSignal,
): Promise<Found> {
  const search: Search = { limits, signal, files: new Map(), paths: new Map(), skipped: [] };
  for (const pattern of patterns) {
    signal.throwIfAborted();
    await findPattern(pattern, cwd, search);
  }
  return { files: [...search.files.values()], skipped: search.skipped };
}

async function findPattern(pattern: string, cwd: string, search: Search): Promise<void> {
  const named = resolve(cwd, pattern);
  try {
    const path = await realpath(named); // a named link is followed, links inside are not
    const stats = await stat(path);
    if (stats.isDirectory()) await walk(path, "", await findOuterRules(path), { search, root: {} });
    else take(path, basename(named), stats, { search, isNamed: true });
  } catch (cause) {
    search.signal.throwIfAborted();
    const problem = toReadProblem(pattern, cause);
    if (problem.code === "missing" && isDynamicPattern(pattern)) {
      await findGlob(pattern, cwd, search);
    } else {
      search.skipped.push({ ...problem, path: named, isNamed: true });
    }
  }
}

async function findGlob(pattern: string, cwd: string, search: Search): Promise<void> {
  const segments = pattern.split("/");
  const dynamic = segments.findIndex((segment) => isDynamicPattern(segment));
  const fixed = resolve(cwd, segments.slice(0, dynamic).join("/") || (dynamic > 0 ? "/" : "."));
  const before = search.files.size + search.skipped.length;
  const path = await realpath(fixed).catch(() => undefined); // no such folder: nothing matches
  if (path !== undefined) {
    const matches = await glob(segments.slice(Math.max(0, dynamic)).join("/"), {
      cwd: path,
      onlyFiles: false,
      followSymbolicLinks: false,
      ignore: ["**/node_modules/**", "**/.git/**"],
      signal: search.signal,
    });
    const matched = new Set(matches.map((match) => match.replace(/\/$/, "")));
    if (matched.size > 0) {
      await walk(path, "", await findOuterRules(path), { search, root: { matched } });
    }
    if (matched.size > 0 && search.files.size + search.skipped.length > before) return;
    if ([...matched].some((id) => search.files.has(join(path, id)))) return;
  }
  const text = `matches no file that can be read; check the pattern, and quote it from the shell`;
  const problem = toProblem(pattern, "missing", text);
  search.skipped.push({ ...problem, path: fixed, isNamed: true });
}

interface Walk {
  readonly search: Search;
  readonly root: Root;
}

async function walk(folder: string, id: string, outer: IgnoreRules, walked: Walk): Promise<void> {
  const { search, root } = walked;
  const { limits, signal, files } = search;
  if (id.split("/").length > limits.folderDepthMax) {
    const text = `is more than ${limits.folderDepthMax} folders deep and was left out`;
    skip(folder, toProblem(id, "too-deep", text), search);
    return;
  }
  const rules = await addIgnoreRules(outer, folder);
  const names = await readdir(folder).catch((cause: unknown) => {
    skip(folder, toReadProblem(id === "" ? folder : id, cause), search);
    return [];
  });
  const visible = names.filter((name) => !name.startsWith(".") && !ALWAYS_IGNORED.has(name));
  const entries = await pMap(
    visible.toSorted(),
    async (name) => {
      const path = join(folder, name);
      const result = await lstat(path).catch((cause: unknown) => ({ cause }));
      return { path, id: id === "" ? name : `${id}/${name}`, result };
    },
    { concurrency: STAT_CONCURRENCY_MAX, signal },
  );
  for (const entry of entries) {
    if (files.size >= limits.filesMax) {
      tooMany(folder, search);
      return;
    }
    if ("cause" in entry.result) {
      skip(entry.path, toReadProblem(entry.id, entry.result.cause), search);
    } else if (entry.result.isDirectory()) {
      if (isIgnored(rules, entry.path, true)) continue;
      const isWhole = root.matched?.has(entry.id) === true; // a glob that names a folder means all of it
      await walk(entry.path, entry.id, rules, isWhole ? { search, root: {} } : walked);
    } else if (root.matched?.has(entry.id) !== false && !isIgnored(rules, entry.path, false)) {
      take(entry.path, entry.id, entry.result, { search, isNamed: false });
    }
  }
}

/** Takes a file that is not a folder, or says why not. */
function take(
  path: string,
  id: string,
  stats: Stats,
  { search, isNamed }: { readonly search: Search; readonly isNamed: boolean },
): void {
  if (search.files.has(path)) return; // named twice: the first argument gave it its id
  const problem = check(id, stats, search.limits);
  if (problem !== undefined) {
    const isMild = !isNamed && problem.code !== "too-large";
    skip(path, isMild ? { ...problem, severity: "warning" } : problem, search, isNamed);
    return;
  }
  const other = search.paths.get(id);
  if (other !== undefined) {
    const text = `is the id of two files, here ${path} after ${other}; name their common folder, or quote the pattern`;
    skip(path, toProblem(id, "duplicate-id", text), search, true);
    return;
  }
  search.paths.set(id, path);
  search.files.set(path, { path, id, sizeBytes: stats.size, modifiedMs: stats.mtimeMs });
}

function check(id: string, stats: Stats, limits: IngestLimits): Problem | undefined {
  const refuse = (code: ProblemCode, text: string): Problem => toProblem(id, code, text);
  if (stats.isSymbolicLink()) {
    return refuse("symlink", "is a symbolic link and was not followed; name its target to load it");
  }
  if (!stats.isFile()) {
    return refuse("special-file", "is a socket, pipe or device, not a file; leave it out");
  }
  if (findFormat(id) === undefined) {
    return refuse("unsupported", `is of a kind that cannot be read; ${READABLE} can`);
  }
  if (stats.size === 0) return refuse("empty", "is empty; there is nothing to load");
  return stats.size > limits.fileBytesMax ? toSizeProblem(id, stats.size, limits) : undefined;
}

function skip(path: string, problem: Problem, search: Search, isNamed = false): void {
  search.skipped.push({ ...problem, path, isNamed });
}

function tooMany(folder: string, search: Search): void {
  if (search.skipped.some(({ code }) => code === "too-many-files")) return;
  const text = `has more than ${search.limits.filesMax} files; ingest it folder by folder`;
  skip(folder, toProblem(folder, "too-many-files", text), search, true);
}
