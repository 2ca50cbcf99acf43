/** The types of turndown hold for its build without a parser too. */
declare module "turndown/lib/turndown.browser.es.js" {
  export { default } from "turndown";
}
