/** The claims of test/grounding/claims.txt, each with what it rests on: `P` a passage, or several between `||`, `L` a lie about it, `T` what is true of it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface ClaimCase {
  readonly kind: string;
  readonly passages: readonly string[];
  readonly claim: string;
  readonly isLie: boolean;
}

/** In the order of the file. */
export async function readClaims(): Promise<readonly ClaimCase[]> {
  const text = await readFile(join(import.meta.dirname, "../grounding/claims.txt"), "utf8");
  const cases: ClaimCase[] = [];
  let [kind, passages]: [string, readonly string[]] = ["", []];
  for (const line of text.trimEnd().split("\n")) {
    const [mark, rest] = [line.slice(0, 2), line.slice(2).trim()];
    if (mark === "# ") kind = rest;
    else if (mark === "P:") passages = rest.split("||").map((one) => one.trim());
    else if (mark === "L:" || mark === "T:") {
      cases.push({ kind, passages, claim: rest, isLie: mark === "L:" });
    } else throw new Error(`what is ${line}?`);
  }
  return cases;
}
