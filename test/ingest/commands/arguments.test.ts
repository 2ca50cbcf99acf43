/** The command line as people type it: what is wrong with it is said with what to type instead. */
import { describe, expect, test } from "vitest";
import { parseCommand } from "../../../ingest/commands/arguments.ts";

describe("a command line that says too little or too much is refused", () => {
  test.each<[string, readonly string[], string]>([
    ["nothing", [], "name the files to ingest"],
    ["an unknown option", ["docs", "--bogus"], "no option --bogus"],
    ["no collection", ["docs"], "--collection NAME"],
    ["an option without its value", ["docs", "--collection"], "lacks its value"],
    ["a bad name", ["docs", "--collection", "../x"], "is no collection's name"],
    ["a foreign option", ["list", "--watch"], "list has no --watch"],
    ["show without a name", ["show"], "pnpm ingest show NAME"],
    ["an unknown type", ["docs", "--collection", "n", "--metadata", "a:date"], '"a:date"'],
  ])("%s", (_name, args, text) => {
    expect(() => parseCommand(args)).toThrow(
      expect.objectContaining({ code: "invalid_request", detail: expect.stringContaining(text) }),
    );
  });
});
