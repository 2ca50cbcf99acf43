/** Examples for the page, by operation and language. They are files of `data/examples`, each of which a test runs. */

export const LANGUAGES = { sh: "curl", ts: "TypeScript", py: "Python" } as const;
export type Language = keyof typeof LANGUAGES;

/** By operation id. */
export type Examples = Readonly<Record<string, Readonly<Partial<Record<Language, string>>>>>;
