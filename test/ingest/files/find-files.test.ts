import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findFiles } from "../../../ingest/files/find-files.ts";
import { INGEST_LIMITS, type IngestLimits } from "../../../ingest/limits.ts";
import { makePipe } from "../fixtures/pipe.ts";

let root: string;
const never = new AbortController().signal;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "find-files-")));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function plant(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), "words");
  }
}

async function find(
  patterns: readonly string[],
  { cwd = root, limits = {} }: { cwd?: string; limits?: Partial<IngestLimits> } = {},
) {
  const found = await findFiles(patterns, { cwd, limits: { ...INGEST_LIMITS, ...limits } }, never);
  return {
    files: found.files,
    ids: found.files.map(({ id }) => id),
    skipped: found.skipped,
    codes: found.skipped.map(({ id, code }) => `${id} ${code}`),
  };
}

describe("ids are relative to what was named", () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["a folder", ["docs"], ["a.md", "deep/b.md", "deep/er/c.txt"]],
    ["a folder with a slash", ["docs/"], ["a.md", "deep/b.md", "deep/er/c.txt"]],
    ["a folder by a roundabout path", ["./docs/deep/.."], ["a.md", "deep/b.md", "deep/er/c.txt"]],
    ["a file", ["docs/deep/b.md"], ["b.md"]],
    ["a glob", ["docs/**/*.md"], ["a.md", "deep/b.md"]],
    ["a glob that starts with a star", ["**/*.txt"], ["docs/deep/er/c.txt"]],
    ["a glob with alternatives", ["docs/deep/{b.md,er}"], ["b.md", "er/c.txt"]],
    ["a glob for folders", ["docs/dee*"], ["deep/b.md", "deep/er/c.txt"]],
    ["two arguments", ["docs/a.md", "docs/deep/er"], ["a.md", "c.txt"]],
    ["the same twice", ["docs", "docs"], ["a.md", "deep/b.md", "deep/er/c.txt"]],
    ["a part named again", ["docs", "docs/deep/b.md"], ["a.md", "deep/b.md", "deep/er/c.txt"]],
    ["the same by glob", ["docs", "docs/**/*.md"], ["a.md", "deep/b.md", "deep/er/c.txt"]],
  ];
  test.each(cases)("%s", async (_, patterns, ids) => {
    plant("docs/a.md", "docs/deep/b.md", "docs/deep/er/c.txt");
    const found = await find(patterns);
    expect(found.ids).toEqual(ids);
    expect(found.codes).toEqual([]);
  });

  test("and so are the same from any directory", async () => {
    plant("docs/a.md", "docs/deep/b.md");
    const inside = await find(["."], { cwd: join(root, "docs") });
    const absolute = await find([join(root, "docs")], { cwd: "/" });
    const outside = await find(["docs"]);
    expect(inside.files).toEqual(outside.files);
    expect(absolute.files).toEqual(outside.files);
  });

  test("a name that looks like a glob but exists is itself", async () => {
    plant("docs [old]/a.md");
    expect((await find(["docs [old]"])).ids).toEqual(["a.md"]);
  });

  test("a file knows where it is, how large and how old", async () => {
    plant("docs/a.md");
    const [file] = (await find(["docs"])).files;
    expect(file).toMatchObject({ path: join(root, "docs/a.md"), sizeBytes: 5 });
    expect(file?.modifiedMs).toBeGreaterThan(0);
  });
});

test("two files with one id: the second is refused, with the way out", async () => {
  plant("one/readme.md", "two/readme.md");
  const { ids, skipped } = await find(["one", "two"]);
  expect(ids).toEqual(["readme.md"]);
  expect(skipped).toMatchObject([{ code: "duplicate-id", severity: "error", isNamed: true }]);
  expect(skipped[0]?.message).toContain("common folder");
  expect((await find(["{one,two}/*.md"])).ids).toEqual(["one/readme.md", "two/readme.md"]);
});

describe("what was named and cannot be had is an error that names it", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["a missing path", "nowhere/a.md", "missing"],
    ["a glob without a match", "docs/**/*.pdf", "missing"],
    ["a glob in a missing folder", "nowhere/*.md", "missing"],
    ["a path through a file", "docs/a.md/b.md", "missing"],
    ["an unknown kind", "docs/tool.exe", "unsupported"],
  ];
  test.each(cases)("%s", async (_, pattern, code) => {
    plant("docs/a.md", "docs/tool.exe");
    const { ids, skipped } = await find([pattern, "docs/a.md"]);
    expect(ids).toEqual(["a.md"]);
    expect(skipped).toMatchObject([{ code, severity: "error", isNamed: true }]);
    expect(skipped[0]?.message).toContain(pattern.split("/").at(-1));
  });
});

describe(".gitignore", () => {
  test("is respected, nested, and undone by a deeper one", async () => {
    plant(
      "docs/a.md",
      "docs/draft.md",
      "docs/build/x.md",
      "docs/deep/draft.md",
      "docs/deep/own.md",
    );
    writeFileSync(join(root, "docs/.gitignore"), "draft.md\nbuild/\n");
    writeFileSync(join(root, "docs/deep/.gitignore"), "!draft.md\nown.md\n");
    expect((await find(["docs"])).ids).toEqual(["a.md", "deep/draft.md"]);
    expect((await find(["docs/**/*.md"])).ids).toEqual(["a.md", "deep/draft.md"]);
  });

  test("of the repository around counts too, but not against what was named", async () => {
    plant("docs/a.md", "docs/draft.md", "build/b.md");
    mkdirSync(join(root, ".git"));
    writeFileSync(join(root, ".gitignore"), "draft.md\nbuild\n");
    expect((await find(["docs"])).ids).toEqual(["a.md"]);
    expect((await find(["build"])).ids).toEqual(["b.md"]);
    expect((await find(["docs/draft.md"])).ids).toEqual(["draft.md"]);
  });
});

test("hidden files, .git and node_modules are passed over in silence", async () => {
  plant("a.md", ".hidden.md", ".git/x.md", ".github/x.md", "node_modules/p/readme.md");
  expect(await find(["."])).toMatchObject({ ids: ["a.md"], codes: [] });
});

describe("links", () => {
  test("inside a folder are not followed, so that none escapes or loops", async () => {
    plant("docs/a.md", "secret/b.md");
    symlinkSync(join(root, "secret"), join(root, "docs/outside"));
    symlinkSync(join(root, "secret/b.md"), join(root, "docs/outside.md"));
    symlinkSync(".", join(root, "docs/loop"));
    symlinkSync("nowhere", join(root, "docs/broken.md"));
    const { ids, codes, skipped } = await find(["docs"]);
    expect(ids).toEqual(["a.md"]);
    expect(codes).toEqual(
      ["broken.md", "loop", "outside", "outside.md"].map((id) => `${id} symlink`),
    );
    expect(skipped.every(({ severity, isNamed }) => severity === "warning" && !isNamed)).toBe(true);
    expect((await find(["docs/**"])).ids).toEqual(["a.md"]);
  });

  test("that are named are followed, to a folder and to a file", async () => {
    plant("docs/a.md");
    symlinkSync("docs", join(root, "shortcut"));
    symlinkSync("docs/a.md", join(root, "one.md"));
    const found = await find(["shortcut"]);
    expect(found.files).toMatchObject([{ id: "a.md", path: join(root, "docs/a.md") }]);
    expect((await find(["one.md"])).files).toMatchObject([
      { id: "one.md", path: join(root, "docs/a.md") },
    ]);
  });

  test("that point at each other are an error", async () => {
    symlinkSync("b.md", join(root, "a.md"));
    symlinkSync("a.md", join(root, "b.md"));
    expect((await find(["a.md"])).codes).toEqual(["a.md symlink"]);
  });
});

describe("what is no plain file of a fair size is left out with its reason", () => {
  test("pipes and sockets", async () => {
    plant("a.md");
    makePipe(join(root, "pipe.md"));
    const server = createServer().listen(join(root, "socket.md"));
    await new Promise((resolve) => server.once("listening", resolve));
    const { ids, codes } = await find(["."]);
    server.close();
    expect(ids).toEqual(["a.md"]);
    expect(codes).toEqual(["pipe.md special-file", "socket.md special-file"]);
  });

  test("a device by name", async () => {
    expect((await find(["/dev/null"])).codes).toEqual(["null special-file"]);
  });

  test("empty, too large, unknown", async () => {
    plant("a.md", "huge.pdf", "tool.exe");
    writeFileSync(join(root, "empty.md"), "");
    truncateSync(join(root, "huge.pdf"), 100 * 2 ** 20);
    const { ids, skipped } = await find(["."]);
    expect(ids).toEqual(["a.md"]);
    expect(skipped.map(({ id, code, severity }) => [id, code, severity])).toEqual([
      ["empty.md", "empty", "warning"],
      ["huge.pdf", "too-large", "error"],
      ["tool.exe", "unsupported", "warning"],
    ]);
  });

  test.skipIf(process.getuid?.() === 0)("a folder that may not be read", async () => {
    plant("a.md", "locked/b.md");
    chmodSync(join(root, "locked"), 0);
    const { ids, codes } = await find(["."]);
    chmodSync(join(root, "locked"), 0o755);
    expect(ids).toEqual(["a.md"]);
    expect(codes).toEqual(["locked unreadable"]);
  });
});

describe("limits", () => {
  test("more files than allowed are an error", async () => {
    plant("a.md", "b.md", "c/d.md");
    const { ids, skipped } = await find(["."], { limits: { filesMax: 2 } });
    expect(ids).toEqual(["a.md", "b.md"]);
    expect(skipped).toMatchObject([{ code: "too-many-files", isNamed: true }]);
  });

  test("folders deeper than allowed are left out", async () => {
    plant("a/b/c/d/e.md");
    expect((await find(["."], { limits: { folderDepthMax: 3 } })).codes).toEqual([
      "a/b/c/d too-deep",
    ]);
  });

  test("a stop ends the search with the signal's reason", async () => {
    plant("a.md");
    const reason = new Error("stopped");
    const finding = findFiles(["."], { cwd: root }, AbortSignal.abort(reason));
    await expect(finding).rejects.toBe(reason);
  });
});
