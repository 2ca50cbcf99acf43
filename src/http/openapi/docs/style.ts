/** The looks of the page at `/docs`, over those of the playground. */
export const STYLE = `/* Over /playground/style.css, which has the colours and the type. */
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
.top a { color: var(--river); text-decoration: none; }
.top .brand { color: var(--ink); }
.top nav { display: flex; gap: 1.25rem; font-size: 0.9375rem; }
a { color: var(--river); text-underline-offset: 0.2em; }
.guide { display: grid; gap: 1.5rem 3rem; grid-template-columns: minmax(0, 17rem) minmax(0, 1fr); }
.index { position: sticky; top: 0; align-self: start; max-height: 100dvh; overflow-y: auto; padding-block: 1rem; font-size: 0.875rem; }
.index h2 { margin: 1rem 0 0.25rem; color: var(--soft); font-size: 0.75rem; letter-spacing: 0.08em; text-transform: uppercase; }
.index ul { list-style: none; }
.index li a { display: block; padding: 0.1875rem 0; color: var(--ink); text-decoration: none; }
.index li a:hover { color: var(--river); }
.text { min-width: 0; padding-block: 1rem 4rem; }
.text h1 { font: 500 clamp(2rem, 5vw, 3rem)/1.1 var(--display); letter-spacing: -0.02em; }
.text > section > h2 { margin: 3rem 0 0.25rem; font: 500 1.75rem/1.2 var(--display); }
.lead { max-width: 44rem; margin-top: 0.5rem; color: var(--soft); }
.entry { margin-top: 1.25rem; padding: 1.25rem 1.5rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card); }
.entry h3 { font-size: 1.125rem; line-height: 1.3; }
.entry h4 { margin: 1.25rem 0 0.25rem; color: var(--soft); font-size: 0.75rem; letter-spacing: 0.08em; text-transform: uppercase; }
.entry p { max-width: 46rem; margin-top: 0.5rem; }
.address { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; margin-top: 0.5rem; }
.address code { overflow-wrap: anywhere; }
.method { padding: 0 0.5rem; border-radius: 0.4rem; background: var(--river-soft); color: var(--river); font: 600 0.75rem/1.6 ui-monospace, monospace; }
.method.post { background: var(--ochre-soft); color: var(--ochre); }
.method.put { background: var(--well); color: var(--violet); }
.method.delete { background: var(--bad-soft); color: var(--bad); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.875rem; }
th, td { padding: 0.375rem 1rem 0.375rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; }
tbody th { font-weight: 400; white-space: nowrap; }
td { min-width: 6rem; overflow-wrap: anywhere; white-space: normal; }
.must { color: var(--ochre); font-size: 0.75rem; }
.limits { color: var(--soft); font-size: 0.8125rem; }
details { margin-top: 0.5rem; border: 1px solid var(--line); border-radius: 0.6rem; background: var(--well); }
summary { padding: 0.375rem 0.875rem; cursor: pointer; font-size: 0.875rem; }
pre { margin: 0; padding: 0.75rem 0.875rem; overflow-x: auto; border-top: 1px solid var(--line); font-size: 0.875rem; line-height: 1.5; tab-size: 2; }
@media (max-width: 56rem) {
  .guide { grid-template-columns: minmax(0, 1fr); }
  .index { position: static; max-height: none; }
  .entry { padding: 1rem; }
}
`;
