/** What every command that leaves a trace is given. */
import type { Config } from "../../src/config.ts";
import type { Tracer } from "../../src/telemetry/tracer.ts";
import type { Output } from "./output.ts";

export interface CommandDeps {
  readonly config: Config;
  readonly output: Output;
  readonly tracer: Tracer;
}
