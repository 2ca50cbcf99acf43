/** The little that must have run before the page is drawn. */
import { applyTheme } from "./theme.ts";

applyTheme();
