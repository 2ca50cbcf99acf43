/** The rules of `.gitignore` files, nested as git nests them: a deeper file has the last word. */
import { lstat, readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";

/** A larger file holds no rules anyone wrote. */
const GITIGNORE_BYTES_MAX = 2 ** 20;

/** Rules in force in a folder, outermost first. */
export type IgnoreRules = readonly { readonly folder: string; readonly rules: Ignore }[];

/** The rules with those of `folder` itself added, where it has any. */
export async function addIgnoreRules(outer: IgnoreRules, folder: string): Promise<IgnoreRules> {
  const path = join(folder, ".gitignore");
  const stat = await lstat(path).catch(() => undefined); // most folders have none
  if (stat?.isFile() !== true || stat.size > GITIGNORE_BYTES_MAX) return outer;
  const text = await readFile(path, "utf8").catch(() => ""); // unreadable rules hide nothing
  return [...outer, { folder, rules: ignore().add(text) }];
}

/** Rules from the repository that `root` lies in; none when they hide the root itself, which was asked for by name. */
export async function findOuterRules(root: string): Promise<IgnoreRules> {
  const folders: string[] = [];
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    folders.unshift(folder);
    const git = await lstat(join(folder, ".git")).catch(() => undefined); // not the repository's folder
    if (git !== undefined) break;
    if (folder === dirname(folder)) return [];
  }
  let rules: IgnoreRules = [];
  for (const folder of folders) rules = await addIgnoreRules(rules, folder);
  return isIgnored(rules, root, true) ? [] : rules;
}

/** Do the rules hide this absolute path? */
export function isIgnored(rules: IgnoreRules, path: string, isFolder: boolean): boolean {
  let ignored = false;
  for (const { folder, rules: matcher } of rules) {
    const inside = relative(folder, path).split(sep).join("/");
    const result = matcher.test(isFolder ? `${inside}/` : inside);
    if (result.ignored) ignored = true;
    else if (result.unignored) ignored = false;
  }
  return ignored;
}
