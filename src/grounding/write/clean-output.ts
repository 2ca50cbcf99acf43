/** Makes the texts of a JSON value harmless like those of an answer: no markup that loads or leads away, no secrets. */
import { toKey } from "../../json/to-key.ts";
import { toPointer } from "../../json/pointer.ts";
import type { Fault } from "../../json/place.ts";
import {
  createChoices,
  createSchemaWalk,
  isObject,
  type Schema,
  type SchemasHere,
} from "../../json/schema.ts";
import { createHiddenFilter } from "../../text/hidden-characters.ts";
import { createSanitizer } from "./sanitizer.ts";
import { createSecretGuard } from "./secret-guard.ts";
import type { SourceLinks } from "./source-links.ts";

export interface OutputCleanerOptions {
  readonly schema: Schema;
  readonly links: SourceLinks;
  /** What the prompt holds and no value may. */
  readonly secrets: readonly string[];
}

export interface Cleaned {
  /** Undefined where there is nothing to show yet. */
  readonly value: unknown;
  /** The value holds a secret, or, while it grows, ends in what may become one. */
  readonly leak: "none" | "possible" | "certain";
  /** Keys that are not as they may be shown. They name places and are not mended. */
  readonly faults: readonly Fault[];
}

/** Cleans a value; `open` is the path to what may still grow, of which nothing is shown that may yet change. */
export type OutputCleaner = (value: unknown, open: readonly string[] | undefined) => Cleaned;

/**
 * Texts that the schema itself lists are the caller's own and stay as they are; while such a text is
 * being written it is left out, because half of a choice is none.
 */
export function createOutputCleaner({
  schema,
  links,
  secrets,
}: OutputCleanerOptions): OutputCleaner {
  const walk = createSchemaWalk(schema);
  const choices = createChoices();

  const cleanText = (text: string, isOpen: boolean): string => {
    const sanitizer = createSanitizer({ links, verbatimCode: false });
    const shown = sanitizer.push(createHiddenFilter().push(text));
    return isOpen ? shown : shown + sanitizer.end();
  };

  return (root, open) => {
    const faults: Fault[] = [];
    const said: string[] = [];
    const leaves: string[] = [];
    const say = (leaf: string): void => {
      said.push(leaf);
      leaves.push(leaf);
    };
    const clean = (value: unknown, at: At): unknown => {
      if (typeof value === "string") {
        say(value);
        const listed = at.schemas.flatMap((one) => choices(one) ?? []);
        if (at.open !== undefined) return listed.length > 0 ? undefined : cleanText(value, true);
        const key = toKey(value);
        return listed.some((one) => one.has(key)) ? value : cleanText(value, false);
      }
      if (Array.isArray(value)) {
        return value
          .map((inner, index) => clean(inner, toNext(at, String(index), walk.step)))
          .filter((inner) => inner !== undefined);
      }
      if (!isObject(value)) {
        say(String(value));
        return value;
      }
      const entries = Object.entries(value).flatMap(([key, inner]) => {
        const next = toNext(at, key, walk.step);
        said.push(key);
        if (cleanText(key, false) !== key) {
          faults.push({ pointer: toPointer(next.path), message: "has markup in its name" });
        }
        const shown = clean(inner, next);
        return shown === undefined ? [] : [[key, shown] as const];
      });
      return Object.fromEntries(entries);
    };
    const value = clean(root, { schemas: walk.start, path: [], open });
    return { value, faults, leak: findLeak([said, leaves], secrets) };
  };
}

interface At {
  readonly schemas: SchemasHere;
  readonly path: readonly string[];
  readonly open: readonly string[] | undefined;
}

function toNext(
  { schemas, path, open }: At,
  key: string,
  step: (here: SchemasHere, key: string) => SchemasHere,
): At {
  const [next, ...rest] = open ?? [];
  return {
    schemas: step(schemas, key),
    path: [...path, key],
    open: open !== undefined && next === key ? rest : undefined,
  };
}

/** Over all of a value's words at once, with its keys and without: a secret may be spread over several of them. */
function findLeak(
  readings: readonly (readonly string[])[],
  secrets: readonly string[],
): Cleaned["leak"] {
  const leaks = readings.map((words) => {
    const guard = createSecretGuard(secrets);
    const text = words.join(" ");
    const shown = guard.push(text);
    if (guard.hasLeaked) return "certain";
    return shown.length < text.length ? "possible" : "none";
  });
  return (["certain", "possible"] as const).find((leak) => leaks.includes(leak)) ?? "none";
}
