/** Source code: the file's own text, with a section for each function, class or type at the top level. */
import type { Section } from "../document.ts";
import { blankHidden } from "./hidden-text.ts";
import { toDocumentEvent } from "./load-event.ts";
import { createTextLoader } from "./text-loader.ts";

/** What opens a definition at the start of a line; the last group is its name. Lines longer than this are not code anyone reads. */
const LINE_CHARS_MAX = 400;
const NAME = "([A-Za-z_$][\\w$]*)";
const DEFINITIONS: readonly (readonly [RegExp, RegExp])[] = [
  [/\.(py|pyi)$/, new RegExp(`^(?:async )?(?:def|class) ${NAME}`)],
  [/\.(rb)$/, new RegExp(`^(?:def|class|module) ${NAME}`)],
  [/\.(go)$/, new RegExp(`^(?:func (?:\\([^()]*\\) )?|type )${NAME}`)],
  [
    /\.(rs)$/,
    new RegExp(
      `^(?:pub(?:\\([^()]*\\))? )?(?:async |unsafe |const )*(?:fn|struct|enum|trait|mod|type|impl(?:<[^<>]*>)?) ${NAME}`,
    ),
  ],
  [
    /\.(ts|tsx|mts|cts|js|jsx|mjs|cjs)$/,
    new RegExp(
      `^(?:export )?(?:default )?(?:declare )?(?:abstract )?(?:async )?(?:(?:function\\*?|class|interface|enum|namespace) ${NAME}|(?:const|let|type) ${NAME}(?=[^=]*=))`,
    ),
  ],
  [
    /\.(java|kt|kts|scala|cs|swift|dart|php)$/,
    new RegExp(
      `^(?:(?:public|private|protected|internal|static|final|abstract|sealed|open|data|override|partial) )*(?:class|interface|enum|record|struct|object|trait|protocol|extension|fun|func|function|def) ${NAME}`,
    ),
  ],
  [/\.(sh|bash|zsh)$/, new RegExp(`^(?:function )?${NAME}[ \\t]*\\(\\)`)],
  [
    /\.(sql)$/,
    /^create (?:or replace )?(?:table|view|function|procedure|index)(?: if not exists)? ([\w."]+)/i,
  ],
];

/** One code document, titled by its path. */
export const loadCode = createTextLoader((raw, file) => {
  const text = blankHidden(raw);
  const sections = findDefinitions(text, file.id);
  return [toDocumentEvent(file, { title: file.id, text, sections, kind: "code" })];
});

function findDefinitions(text: string, id: string): readonly Section[] {
  const definition = DEFINITIONS.find(([name]) => name.test(id.toLowerCase()))?.[1];
  if (definition === undefined) return [];
  const sections: Section[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, Math.min(end, start + LINE_CHARS_MAX));
    const name = definition
      .exec(line)
      ?.slice(1)
      .find((group) => group !== undefined);
    if (name !== undefined) sections.push({ start, headings: [name] });
    start = end + 1;
  }
  return sections;
}
