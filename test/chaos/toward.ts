/** Cells of a fault that one of the upstreams has: mended by asking again, or met every time. */
import type { SettingsInput } from "../../scripts/chaos/settings.ts";
import { onAll } from "../support/chaos-world.ts";
import type { Cell } from "./cell.ts";

export interface Toward {
  /** The fault in every request. */
  readonly on: (fault: string) => SettingsInput;
  /** A fault that is gone with the second request. */
  readonly mended: (fault: string, fast: string, rest?: Partial<Cell>) => Cell;
  /** One that lasts, and how often the upstream is asked. */
  readonly lasting: (fault: string, attempts: number, fast: string, rest?: Partial<Cell>) => Cell;
}

/** `sees`: what the client does where the upstream never answers. */
export function toward(upstream: "chat" | "embeddings", sees: Cell["sees"]): Toward {
  const on = (fault: string): SettingsInput => onAll(upstream, fault);
  return {
    on,
    mended: (fault, fast, rest = {}) => ({
      name: `${fault}, once`,
      upstream: onAll(upstream, fault, { times: 1 }),
      sees: {},
      requests: { [upstream]: 2 },
      fast,
      ...rest,
    }),
    lasting: (fault, attempts, fast, rest = {}) => ({
      name: `${fault}, every time`,
      upstream: on(fault),
      sees,
      requests: { [upstream]: attempts },
      fast,
      ...rest,
    }),
  };
}
