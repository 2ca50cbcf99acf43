/** The examples of the page at `/docs`, from their files. */
import { readdir, readFile } from "node:fs/promises";
import { type Examples, type Language, LANGUAGES } from "../../http/openapi/docs/examples.ts";
import type { Log } from "../../telemetry/log.ts";

const FOLDER = new URL("../../../data/examples/", import.meta.url);

/** By operation and language. A folder that cannot be read is in the log: the page has no examples then. */
export async function readExamples(log: Log): Promise<Examples> {
  const examples: Record<string, Partial<Record<Language, string>>> = {};
  try {
    const names = new Set(await readdir(FOLDER));
    for (const operation of new Set([...names].map((name) => name.split(".")[0] ?? ""))) {
      const files: Partial<Record<Language, string>> = {};
      for (const language of Object.keys(LANGUAGES) as Language[]) {
        const name = `${operation}.${language}`;
        if (names.has(name)) files[language] = await readFile(new URL(name, FOLDER), "utf8");
      }
      examples[operation] = files;
    }
  } catch (thrown) {
    log.warn("examples-missing", { kind: thrown instanceof Error ? thrown.name : "unknown" });
  }
  return examples;
}
