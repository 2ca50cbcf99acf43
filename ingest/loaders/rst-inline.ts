/** The marks within a line of reStructuredText, as Markdown has them. */

/** Roles whose words are code: functions, files, options. All others refer to something, and their words are text. */
const CODE_ROLE =
  /(?:^|:)(?:attr|class|code|command|const|data|envvar|exc|file|func|kbd|literal|meth|mod|mimetype|obj|option|program|samp|setting|lookup|tfilter|ttag|djadmin|djadminopt|confval|fixture|hook|type|var)$/;
// No expression here may look at a stretch of text again from each place in it: a megabyte would take hours.
const ROLE = /:([a-z][\w:+-]{0,60}):`([^`]+)`/gi;
const TITLED = /^([^<]*)<([^<>]+)>$/;

/** One text without the marks that only a program reads. `names` are the substitutions of the document. */
export function toPlainInline(text: string, names: ReadonlyMap<string, string>): string {
  return text
    .split(/(``.+?``)/s)
    .map((part) => (/^``.+``$/s.test(part) ? `\`${part.slice(2, -2)}\`` : toMarks(part, names)))
    .join("");
}

function toMarks(text: string, names: ReadonlyMap<string, string>): string {
  return text
    .replace(/\|([^|\s](?:[^|\n]*[^|\s])?)\|_{0,2}/g, (all, name: string) => names.get(name) ?? all)
    .replace(ROLE, (_, role: string, words: string) => toRole(role.toLowerCase(), words))
    .replace(/(?<![`\w])`([^`<]+)<([^`<>]+)>`__?/g, (_, words: string, target: string) =>
      /^https?:/.test(target)
        ? `[${words.trimEnd()}](${target.replace(/\s+/g, "")})`
        : words.trimEnd(),
    )
    .replace(/(?<![`\w])`([^`]+)`__?(?!\w)/g, "$1")
    .replace(/(?<=\S)\s?\[(?:#[\w-]*|\d+|\*)\]_(?!\w)/g, "")
    .replace(/(?<![\w`.+-])([A-Za-z][\w.+-]*\w)__?(?=[\s.,;:!?)]|$)/g, (all, name: string) =>
      name.includes("_") ? all : name,
    )
    .replace(/\\([ \n])/g, "")
    .replace(/\\([*`|\\_<])/g, "$1");
}

function toRole(role: string, words: string): string {
  const [, before = "", target = ""] = TITLED.exec(words) ?? [];
  const title = before.trimEnd();
  if (title !== "") return CODE_ROLE.test(role) ? `\`${title}\`` : title;
  const named = target === "" ? words : target;
  if (!CODE_ROLE.test(role)) return named.replace(/^[!~]/, "").replace(/^\//, "");
  const shown = named.startsWith("~")
    ? named.slice(named.lastIndexOf(".") + 1)
    : named.replace(/^!/, "");
  const isCall = /(?:^|:)(?:func|meth)$/.test(role) && !shown.endsWith(")");
  return `\`${shown.replace(/^~/, "")}${isCall ? "()" : ""}\``;
}
