/** Finds variables that are written almost like a setting: whoever set one believes that it counts. */
import { describeSettings } from "../config.ts";
import { compareSpelling, toSpelling } from "../text/spelling.ts";

/** From here on the same words are meant; two settings of one subject are often less alike. */
const ALIKE_MIN = 0.8;
/** Others' own: what `pnpm ask` reads, and OpenTelemetry's, of which whole machines set more than is read here. */
const OTHERS = /^(?:API_KEY$|OTEL_)/;
/** What older clients of OpenAI read, and is too unlike the setting that it became. */
const FORMER: ReadonlyMap<string, string> = new Map([["OPENAI_API_BASE", "OPENAI_BASE_URL"]]);

/** A line for people for each; empty where every variable is a setting or something else altogether. */
export function findMisspelt(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const settings = describeSettings().map(({ variable }) => variable);
  const known = settings.map((name) => ({ name, spelling: toSpelling(name.toLowerCase()) }));
  return Object.keys(env)
    .filter((name) => !OTHERS.test(name) && !settings.includes(name))
    .flatMap((name) => {
      const spelling = toSpelling(name.toLowerCase());
      const [nearest] = known
        .map((setting) => ({ ...setting, share: compareSpelling(spelling, setting.spelling) }))
        .filter(({ share }) => share >= ALIKE_MIN)
        .toSorted((a, b) => b.share - a.share);
      const meant = FORMER.get(name) ?? nearest?.name;
      if (meant === undefined) return [];
      return [`the variable ${name} is no setting and does nothing; is ${meant} meant?`];
    });
}
