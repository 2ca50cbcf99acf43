/** The command line as a typed command. */
import { parseArgs } from "node:util";
import * as z from "zod";
import { COLLECTION_NAME, type MetadataType } from "../../src/domain/collection.ts";
import { AppError } from "../../src/errors.ts";

const ACTIONS = ["list", "show", "drop", "rollback", "verify", "optimize", "doctor"] as const;
const COMMANDS = [...ACTIONS, "push", "export", "import"] as const;

export interface SyncCommand {
  readonly action: "sync";
  readonly json: boolean;
  readonly paths: readonly string[];
  readonly collection: string;
  readonly watch: boolean;
  readonly dryRun: boolean;
  readonly deleteMissing: boolean;
  readonly acceptLoss: boolean;
  readonly strict: boolean;
  readonly language?: string;
  readonly metadata?: Readonly<Record<string, MetadataType>>;
  /** Address of the Worker that gets the collection when it is up to date. */
  readonly url?: string;
}

interface OfCollections<Action extends (typeof ACTIONS)[number]> {
  readonly action: Action;
  readonly json: boolean;
  readonly yes: boolean;
  readonly fix: boolean;
  readonly collection?: string;
}
export type DoctorCommand = OfCollections<"doctor">;
export type CollectionCommand = OfCollections<Exclude<(typeof ACTIONS)[number], "doctor">>;

/** Where a collection is sent besides the local store. */
export interface PushCommand {
  readonly action: "push";
  readonly json: boolean;
  readonly collection: string;
  /** Address of the Worker. */
  readonly url: string;
}

/** A collection and the file that it is written to or read from; one of them may be left to the other. */
export type FileCommand = {
  readonly json: boolean;
  readonly collection?: string;
  readonly file?: string;
} & ({ readonly action: "export" } | { readonly action: "import" });

export type Command =
  | SyncCommand
  | CollectionCommand
  | DoctorCommand
  | PushCommand
  | FileCommand
  | { readonly action: "help" };

const FLAGS = {
  collection: { type: "string" },
  watch: { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
  "delete-missing": { type: "boolean", default: false },
  "accept-loss": { type: "boolean", default: false },
  strict: { type: "boolean", default: false },
  language: { type: "string" },
  metadata: { type: "string" },
  to: { type: "string" },
  url: { type: "string" },
  yes: { type: "boolean", default: false },
  fix: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the arguments after the script's name. Throws AppError invalid_request that says what is wrong and what there is. */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { action: "help" };
  const [first, ...rest] = positionals;
  if (first === undefined) refuse("name the files to ingest, or a command");
  if (first === "push" && values.collection === undefined) return parsePush(rest, values);
  if ((first === "export" || first === "import") && values.collection === undefined) {
    return parseFileCommand(first, rest, values);
  }
  const action = ACTIONS.find((name) => name === first);
  if (action === undefined || values.collection !== undefined) {
    return parseSync(positionals, values);
  }
  return parseCollectionCommand(action, rest, values);
}

function parseCollectionCommand(
  action: (typeof ACTIONS)[number],
  rest: readonly string[],
  values: Values,
): CollectionCommand | DoctorCommand {
  refuseForeign(action, values, ["json", "yes", "fix", "help"]);
  if (rest.length > 1) refuse(`${action} takes one collection, got ${rest.length}`);
  if (action === "list" && rest.length > 0) refuse("list takes no collection; show does");
  const [collection] = rest;
  if (collection === undefined && ["show", "drop", "rollback"].includes(action)) {
    refuse(`name the collection: pnpm ingest ${action} NAME`);
  }
  if (values.fix && action !== "doctor") refuse("--fix is for doctor");
  const command = { action, json: values.json, yes: values.yes, fix: values.fix };
  return collection === undefined ? command : { ...command, collection: parseName(collection) };
}

type Values = ReturnType<typeof parse>["values"];

/** `own`: the flags that the action has. */
function refuseForeign(action: string, values: Values, own: readonly string[]): void {
  const given = Object.entries(values).filter(([, value]) => value !== false);
  const foreign = given.find(([name]) => !own.includes(name))?.[0];
  if (foreign !== undefined) refuse(`${action} has no --${foreign}`);
}

function parsePush(rest: readonly string[], values: Values): PushCommand {
  refuseForeign("push", values, ["to", "url", "json", "help"]);
  const [collection] = rest;
  if (collection === undefined || rest.length > 1) {
    refuse("push takes one collection: pnpm ingest push NAME --to edge --url URL");
  }
  const url = parseTarget(values);
  if (url === undefined) refuse("name the Worker: push NAME --to edge --url URL");
  return { action: "push", json: values.json, collection: parseName(collection), url };
}

function parseFileCommand(
  action: FileCommand["action"],
  [first, second, ...others]: readonly string[],
  values: Values,
): FileCommand {
  refuseForeign(action, values, ["json", "help"]);
  if (first === undefined || others.length > 0) {
    refuse(
      action === "export"
        ? "export takes a collection and a file: pnpm ingest export NAME [FILE]"
        : "import takes a file and a name: pnpm ingest import FILE [NAME]",
    );
  }
  const [name, file] = action === "export" ? [first, second] : [second, first];
  return {
    action,
    json: values.json,
    ...(name === undefined ? {} : { collection: parseName(name) }),
    ...(file === undefined ? {} : { file }),
  };
}

/** The address behind `--to edge`; undefined without the two. */
function parseTarget({ to, url }: Values): string | undefined {
  if (to === undefined && url === undefined) return undefined;
  if (to !== "edge") refuse("--to takes edge, and --url goes with it");
  if (url === undefined) refuse("--to edge needs --url, the address of the Worker");
  return url;
}

function parse(args: readonly string[]) {
  // pnpm hands on the `--` of `pnpm ingest -- paths`.
  const own = args[0] === "--" ? args.slice(1) : args;
  try {
    return parseArgs({ args: [...own], options: FLAGS, allowPositionals: true, strict: true });
  } catch (cause) {
    return refuse(explain(cause, own));
  }
}

/** parseArgs names the culprit only inside its message; we look at the arguments ourselves. */
function explain(cause: unknown, args: readonly string[]): string {
  const flags = args.filter((arg) => arg.startsWith("-") && arg !== "--");
  const names = Object.keys(FLAGS);
  const unknown = flags.find((flag) => {
    const name = flag.replace(/^--?/, "").replace(/=.*/, "");
    return flag !== "-h" && !(flag.startsWith("--") && names.includes(name));
  });
  if (unknown !== undefined) {
    return `there is no option ${unknown}; there are ${names.map((name) => `--${name}`).join(", ")}`;
  }
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code !== "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") throw cause;
  return "an option lacks its value, or has one and takes none (--collection NAME, --language LANGUAGE, --metadata FIELDS, --to edge, --url URL take one)";
}

function parseSync(paths: readonly string[], values: Values): SyncCommand {
  if (values.yes) refuse("--yes is for drop");
  if (values.fix) refuse("--fix is for doctor");
  if (values.collection === undefined) {
    refuse(
      `name the collection to ingest into: --collection NAME, or one of the commands ${COMMANDS.join(", ")} first`,
    );
  }
  if (values.watch && values["dry-run"]) refuse("--watch and --dry-run exclude each other");
  const { language, metadata } = values;
  const url = parseTarget(values);
  if (url !== undefined && (values.watch || values["dry-run"])) {
    refuse("--to edge goes with neither --watch nor --dry-run");
  }
  return {
    action: "sync",
    json: values.json,
    paths,
    collection: parseName(values.collection),
    watch: values.watch,
    dryRun: values["dry-run"],
    deleteMissing: values["delete-missing"],
    acceptLoss: values["accept-loss"],
    strict: values.strict,
    ...(language === undefined ? {} : { language: language.trim().toLowerCase() }),
    ...(metadata === undefined ? {} : { metadata: parseFields(metadata) }),
    ...(url === undefined ? {} : { url }),
  };
}

function parseName(name: string): string {
  if (COLLECTION_NAME.test(name)) return name;
  const shown = JSON.stringify(name).slice(0, 80);
  return refuse(
    `${shown} is no collection's name: 1-63 lower-case letters, digits, - and _, beginning with a letter or digit`,
  );
}

const Field = z
  .string()
  .trim()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}:(string|number|boolean|string\[\])$/);

/** `year:number,tags:string[]`. */
function parseFields(list: string): Readonly<Record<string, MetadataType>> {
  const fields = list.split(",").map((part) => {
    const field = Field.safeParse(part);
    if (!field.success) {
      const shown = JSON.stringify(part.trim()).slice(0, 80);
      refuse(
        `--metadata takes name:type,... with the types string, number, boolean, string[]; got ${shown}`,
      );
    }
    const [name = "", type = ""] = field.data.split(":");
    return [name, type as MetadataType] as const;
  });
  return Object.fromEntries(fields);
}

function refuse(detail: string): never {
  throw new AppError("invalid_request", { detail });
}
