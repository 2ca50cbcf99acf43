/** The command line of a bench: `[--only NAME] [--size SHARE] [--json]`; a size below 1 is for a quick look. */
import { basename } from "node:path";
import type { Row } from "./bench-row.ts";
import { readCommandLine, refuseUse } from "./command-line.ts";

/** Benches by name; each is given the share of its full size. */
export type Benches = Readonly<Record<string, (size: number) => Promise<readonly Row[]>>>;

/** Every bench, or the one named, one after another. */
export async function runBenches(
  benches: Benches,
  size: number,
  only?: string,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [name, bench] of Object.entries(benches)) {
    if (only !== undefined && only !== name) continue;
    process.stderr.write(`${name} …\n`);
    rows.push(...(await bench(size)));
  }
  return rows;
}

/** Prints the rows as a table, or as JSON. */
export function printRows(rows: readonly Row[], asJson: boolean): void {
  if (asJson) console.log(JSON.stringify(rows));
  else
    console.table(
      rows.map(({ what, figure, goal, met }) => ({ what, figure, goal, met: met ? "yes" : "NO" })),
    );
}

/** Runs what the command line names, and prints it. Exits with 64 when it names nothing there is. */
export async function benchMain(benches: Benches): Promise<readonly Row[]> {
  const usage = `node scripts/${basename(process.argv[1] ?? "")} [--only ${Object.keys(benches).join("|")}] [--size SHARE] [--json]`;
  const { values } = readCommandLine(usage, {
    json: { type: "boolean", default: false },
    only: { type: "string" },
    size: { type: "string", default: "1" },
  });
  const size = Number(values.size);
  if (!(size > 0) || (values.only !== undefined && !(values.only in benches))) {
    refuseUse("--only takes one of these, --size a number above 0", usage);
  }
  const rows = await runBenches(benches, size, values.only);
  printRows(rows, values.json);
  return rows;
}
