/** Settings of the native library that it reads once, when it is loaded. */
import { availableParallelism } from "node:os";

// Else it writes a warning a query to stderr.
process.env["LANCEDB_LOG"] ??= "error";
// Its own choice is one less than there are cores: eight legs at once were 5 % slower with it on two.
process.env["LANCE_CPU_THREADS"] ??= String(Math.max(2, availableParallelism()));
// A panic over a damaged file comes back as an error; its stack would only bury the line that says so.
process.env["RUST_BACKTRACE"] ??= "0";
