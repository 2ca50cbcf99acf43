/** A disk that fills up: a small file system in memory, at sizes that run out at different stages. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Figure, inFolder, say, start } from "./measure.ts";

const FULL = 28;
const DOCUMENTS = 1_500;
const PARAGRAPHS = 4;

export async function measureDiskFull(sizes: number): Promise<readonly Figure[]> {
  return inFolder(async (folder) => {
    const docs = join(folder, "docs");
    const store = join(folder, "store");
    for (const path of [docs, store]) mkdirSync(path);
    if (!mount(store, 512, "")) {
      say("SKIPPED: a full disk needs the right to mount a file system");
      return [];
    }
    umount(store);
    for (let at = 0; at < DOCUMENTS; at += 1) {
      const text = Array.from({ length: PARAGRAPHS }, (_, part) =>
        `Paragraph ${part} of ${at}. `.repeat(20),
      );
      writeFileSync(join(docs, `d${at}.md`), `# Document ${at}\n\n${text.join("\n\n")}\n`);
    }
    let [wrongCodes, unreadable, notGoneOn, full] = [0, 0, 0, 0];
    for (let step = 0; step < sizes; step += 1) {
      // From one that holds hardly anything to one that runs out while the indexes are built.
      const kibibytes = Math.round(400 * 1.5 ** ((step * 9) / Math.max(1, sizes - 1)));
      mount(store, kibibytes, "");
      try {
        const code = await run(store, [docs, "--collection", "full"]);
        if (code === FULL) full += 1;
        else if (code !== 0) wrongCodes += 1;
        const verified = await run(store, ["verify"]);
        // Readable: faults may be said of indexes only, which were not reached.
        if (verified !== 0 && verified !== 2) unreadable += 1;
        mount(store, 400_000, "remount,");
        const again = await run(store, [docs, "--collection", "full"]);
        const sound = await run(store, ["doctor"]);
        if (again !== 0 || sound !== 0) notGoneOn += 1;
        say(
          `disk of ${kibibytes} KiB: ${String(code)}, verify ${String(verified)}, then ${String(again)}, doctor ${String(sound)}`,
        );
      } finally {
        umount(store);
      }
    }
    return [
      {
        what: `${sizes} disks, ${full} of them full on the way`,
        figure: `${wrongCodes} wrong exit codes, ${unreadable} unreadable, ${notGoneOn} not gone on with`,
        goal: "0, 0, 0",
        ok: wrongCodes + unreadable + notGoneOn === 0 && full > 0,
      },
    ];
  });
}

async function run(store: string, args: readonly string[]): Promise<number | null> {
  const child = start("../../ingest/main.ts", args, { env: { DATA_DIR: store } });
  const code = await child.exit;
  if (code !== 0) say(child.output().trim().split("\n").slice(-3).join("\n"));
  return code;
}

function mount(path: string, kibibytes: number, options: string): boolean {
  const size = `${options}size=${kibibytes}k`;
  return spawnSync("mount", ["-t", "tmpfs", "-o", size, "none", path]).status === 0;
}

function umount(path: string): void {
  spawnSync("umount", [path]);
}
