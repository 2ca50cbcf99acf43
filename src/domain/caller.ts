/** On whose behalf a request is made, and what that one may do. Fixed before anything is searched. */

export const SCOPES = ["ask", "read", "write"] as const;
export type Scope = (typeof SCOPES)[number];

export interface Caller {
  /** For limits, fairness and logs; never a secret. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Names of the collections that exist for this caller; undefined: all. */
  readonly collections?: ReadonlySet<string>;
}

/** Everyone, where no keys are asked for. */
export const LOCAL_CALLER: Caller = { id: "local", scopes: new Set(SCOPES) };
