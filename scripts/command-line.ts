/** The command line of a script: read before anything else begins, so that asking how it is used starts nothing. */
import { basename } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** As command lines say it: something is wrong with what was typed. */
const EX_USAGE = 64;

/**
 * Reads options and, of what is no option, up to `placesMax`. `--help` prints the usage and ends the process;
 * what is not known there ends it with 64. `usage` begins with the command.
 */
export function readCommandLine<T extends ParseArgsOptionsConfig>(
  usage: string,
  options: T,
  placesMax = 0,
) {
  const { values, positionals } = parse(usage, options);
  if ("help" in values) {
    process.stdout.write(`Usage: ${usage}\n`);
    process.exit(0);
  }
  if (positionals.length > placesMax) refuseUse(`what is ${positionals[placesMax]} for?`, usage);
  return { values, positionals };
}

/** Ends the process over what was typed. */
export function refuseUse(why: string, usage: string): never {
  const name = basename(process.argv[1] ?? "", ".ts");
  process.stderr.write(`${name}: ${why}\nUsage: ${usage}\n`);
  process.exit(EX_USAGE);
}

function parse<T extends ParseArgsOptionsConfig>(usage: string, options: T) {
  try {
    const all = { ...options, help: { type: "boolean" } } as const;
    return parseArgs({ options: all, allowPositionals: true });
  } catch (thrown) {
    // Node says behind the first sentence how to write what nobody means.
    const [why = ""] = thrown instanceof Error ? thrown.message.split(". ") : [];
    return refuseUse(why, usage);
  }
}
