/** Which scope each address needs, in one table. An address that is not in it needs a key, whatever that one may do. */
import type { Scope } from "../../domain/caller.ts";

/** `open`: no key; `own`: the address asks for a secret of its own; else any one of these scopes. */
export type RouteAccess = "open" | "own" | readonly Scope[];

interface Rule {
  readonly path: RegExp;
  /** Absent: every method. */
  readonly methods?: readonly string[];
  readonly access: RouteAccess;
}

const WRITING = ["PUT", "POST", "PATCH", "DELETE"];

/** The first that fits counts. */
const RULES: readonly Rule[] = [
  { path: /^\/(livez|readyz|openapi\.json)?$/, access: "open" },
  { path: /^\/(playground|docs)(\/|$)/, access: "open" },
  { path: /^\/v1\/admin\//, access: "own" },
  { path: /^\/v1\/collections(\/|$)/, methods: WRITING, access: ["write"] },
  { path: /^\/v1\/(collections|search|explain)(\/|$)/, access: ["read"] },
  { path: /^\/v1\/(table|namespace)(\/|$)/, access: ["read"] },
  { path: /^\/metrics$/, access: ["read"] },
  { path: /^\/v1\/(ask|chat|models|runs)(\/|$)/, access: ["ask"] },
  // Each tool needs what it does; a caller sees only those it may use.
  { path: /^\/mcp$/, access: ["ask", "read"] },
];

/** What this request needs; undefined where no rule fits. */
export function findRouteAccess(method: string, path: string): RouteAccess | undefined {
  return RULES.find(
    (rule) => rule.path.test(path) && (rule.methods === undefined || rule.methods.includes(method)),
  )?.access;
}
