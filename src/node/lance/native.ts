/** The native library and the Arrow copy it was built against, loaded quietly. */
import "./native-settings.ts";
import { createRequire } from "node:module";
import type * as Arrow from "apache-arrow";

export * as lancedb from "@lancedb/lancedb";

/** LanceDB loads the CommonJS copy of Arrow and does not take batches made by the other one. */
export const arrow = createRequire(import.meta.url)("apache-arrow") as typeof Arrow;
