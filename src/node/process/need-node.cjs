/**
 * Loaded before every command (`node -r`): a Node that is too old says so in a sentence. It cannot read TypeScript
 * and would end in a stack trace before the first line of ours, so this file is JavaScript that any Node runs.
 */
const NEEDED = 24;
const { node } = process.versions;

if (Number.parseInt(node, 10) < NEEDED) {
  process.stderr.write(
    `tributary: it needs Node.js ${NEEDED} or later, and this is ${node}; with npm alone: npx -y -p node@24 -p pnpm@12 -- pnpm start\n`,
  );
  process.exit(1);
}
