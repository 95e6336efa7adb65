// Runs a TypeScript script of this folder: `node scripts/run.js setup --check`. Plain JavaScript, so that a Node
// which can't read TypeScript gets a sentence instead of a stack trace.
const [name = "", ...rest] = process.argv.slice(2);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `This is Node ${process.versions.node}; Node 22.18 or newer is needed. \`npm ci\` brings one along, and ` +
      `\`npm run ${name}\` uses it. If it still says this, install scripts are switched off: \`npm rebuild node\`.`,
  );
  process.exit(1);
}

const script = new URL(`./${name}.ts`, import.meta.url);
process.argv = [process.execPath, script.pathname, ...rest];
await import(script.href);
