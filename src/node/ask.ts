/** Entry of `pnpm ask`. */
import { keepCompiled } from "./process/keep-compiled.ts";

keepCompiled();
await import("./ask/ask-command.ts");
