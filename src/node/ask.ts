/** Entry of `pnpm ask`. */
import { keepCompiled } from "./keep-compiled.ts";

keepCompiled();
await import("./ask-command.ts");
