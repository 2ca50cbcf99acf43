/** Entry of `pnpm start`: has the process give back the memory it has freed, then serves. */
import { keepCompiled } from "./process/keep-compiled.ts";
import { restartWith } from "./process/restart-with.ts";

keepCompiled();
// glibc: freed memory goes back to the system. Left to itself it keeps more the larger the pieces are that were
// freed, and those that LanceDB reads are large: beside four small collections 40 MiB stayed for good.
restartWith({ MALLOC_TRIM_THRESHOLD_: "1048576" });
await import("./server/serve.ts");
