/** What a directive of reStructuredText says to a reader. */
import { toPlainInline } from "./rst-inline.ts";
import { toListTable } from "./rst-tables.ts";
import { toEntry, toFence } from "./rst-write.ts";

/** Lines at the margin as blocks of Markdown. */
type Write = (lines: readonly string[]) => readonly string[];
/** The substitutions of the document. */
type Names = ReadonlyMap<string, string>;

export interface Directive {
  readonly name: string;
  readonly argument: string;
  /** Options first, at the margin. */
  readonly body: readonly string[];
}

const CODE =
  /^(?:code|code-block|sourcecode|console|doctest|testcode|testoutput|ipython|ipython3|prompt|parsed-literal|snippet|highlight-block)$/;
const NOTE = /^(?:note|warning|tip|hint|important|caution|danger|attention|error|seealso|todo)$/;
/** Notes that name themselves. */
const TITLED = /^(?:admonition|topic|sidebar|rubric)$/;
/** Said with the version that the argument names. */
const VERSION: Readonly<Record<string, string>> = {
  versionadded: "New in version",
  versionchanged: "Changed in version",
  deprecated: "Deprecated since version",
  "deprecated-removed": "Deprecated since version",
  versionremoved: "Removed in version",
};
/** Only a program reads them, whatever they hold. */
const UNSEEN =
  /^(?:toctree|contents|index|highlight|currentmodule|py:currentmodule|include|literalinclude|raw|meta|default-role|role|default-domain|testsetup|testcleanup|sectionauthor|codeauthor|moduleauthor|tabularcolumns|autosummary|plot|graphviz|digraph|inheritance-diagram|spelling|replace|unicode|date)$/;
/** Frames of what is in them. */
const FRAME =
  /^(?:container|rst-class|class|cssclass|only|compound|tab|tabs|tab-set|tab-item|group-tab|table|glossary|epigraph|highlights|pull-quote|grid|dropdown|centered|hlist|productionlist)$/;
const OPTION = /^:[\w-]+:(?:\s|$)/;
const SIGNATURE = /^\s*[\w.]+\(/;
const PICTURE = /^(?:image|figure)$/;

/** The directive as blocks of Markdown; none where it says nothing. */
export function writeDirective(
  { name: written, argument, body: all }: Directive,
  names: Names,
  write: Write,
): readonly string[] {
  const name = written.toLowerCase();
  if (UNSEEN.test(name)) return [];
  const { options, body } = takeOptions(all);
  if (CODE.test(name)) return [toFence(body, /^[\w+#-]*$/.test(argument) ? argument : "")];
  if (name === "list-table") return [toPlainInline(toListTable(body), names)];
  if (name === "csv-table") return [toPlainInline(toCsvTable(body), names)];
  const title = toPlainInline(argument.trim(), names);
  if (PICTURE.test(name)) {
    const alt = options.find((line) => line.startsWith(":alt:")) ?? "";
    return [alt.slice(":alt:".length).trim(), ...write(body)];
  }
  if (FRAME.test(name))
    return write(/^(?:table|centered)$/.test(name) ? [title, "", ...body] : body);
  const version = VERSION[name];
  if (version !== undefined) {
    const [since = "", ...words] = argument.split(/\s+/);
    return lead(`${version} ${since}`, write([words.join(" "), ...body]));
  }
  if (TITLED.test(name)) return lead(title, write(body));
  if (NOTE.test(name)) return lead(toLabel(name), write([argument, ...body]));
  return writeObject(argument, body, write);
}

function toLabel(name: string): string {
  return name === "seealso" ? "See also" : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** A function, a setting, an option: what is described, and how. Without a description it is a mark for an index. */
function writeObject(argument: string, body: readonly string[], write: Write): readonly string[] {
  // Further signatures stand right below the first, at the margin of the body.
  const gap = argument === "" ? 0 : body.findIndex((line) => line.trim() === "");
  const isMore = gap > 0 && body.slice(0, gap).every((line) => SIGNATURE.test(line));
  const signatures = [argument, ...(isMore ? body.slice(0, gap) : [])].map((line) => line.trim());
  const blocks = write(isMore ? body.slice(gap) : body);
  if (blocks.length === 0 || argument === "") return blocks;
  return [toEntry(signatures.map((line) => `\`${line.replaceAll("`", "")}\``).join(", "), blocks)];
}

/** `Note: words`; a label before what is no paragraph stands alone. */
function lead(label: string, [first, ...others]: readonly string[]): readonly string[] {
  if (label === "") return first === undefined ? [] : [first, ...others];
  if (first === undefined) return [label];
  return /^(?:```|#|\||- )/.test(first)
    ? [`${label}:`, first, ...others]
    : [`${label}: ${first}`, ...others];
}

/** Options stand at the head of a body, up to the first blank line. */
function takeOptions(all: readonly string[]): {
  readonly options: readonly string[];
  readonly body: readonly string[];
} {
  const first = all.findIndex((line) => !OPTION.test(line));
  const count = first === -1 ? all.length : first;
  return { options: all.slice(0, count), body: all.slice(count) };
}

function toCsvTable(lines: readonly string[]): string {
  const rows = lines
    .filter((line) => line.trim() !== "")
    .map((line) => [...line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)])
    .map((cells) => cells.slice(0, -1).map(([, quoted, bare = ""]) => (quoted ?? bare).trim()));
  return toListTable(
    rows.flatMap(([first = "", ...others]) => [
      `* - ${first}`,
      ...others.map((cell) => `  - ${cell}`),
    ]),
  );
}
