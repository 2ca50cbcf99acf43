/** Light or dark: the system's choice until someone makes another. Runs before the page is drawn, so that nothing flashes. */
import { keep, readKept } from "./kept.ts";

const THEME_NAME = "tributary.theme";

/** Puts the choice that was made earlier. */
export function applyTheme(): void {
  const kept = readKept(() => localStorage, THEME_NAME);
  if (kept === "light" || kept === "dark") document.documentElement.dataset["theme"] = kept;
}

/** Makes the other choice. */
export function switchTheme(): void {
  const { dataset } = document.documentElement;
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const next = (dataset["theme"] ?? (isDark ? "dark" : "light")) === "dark" ? "light" : "dark";
  dataset["theme"] = next;
  keep(() => localStorage, THEME_NAME, next);
}
