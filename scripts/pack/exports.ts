/** Where an export's compiled JavaScript and its declarations are. */
export interface CompiledExport {
  types: string;
  default: string;
}

/**
 * The manifest whose exports name what components/ compiles to.
 * @throws Error for an export outside components/, which the build doesn't compile
 */
export function compiledExports<M extends { exports: Record<string, string> }>(
  manifest: M,
): Omit<M, "exports"> & { exports: Record<string, CompiledExport> } {
  const exports: Record<string, CompiledExport> = {};
  for (const [name, source] of Object.entries(manifest.exports)) {
    const path = /^\.\/components\/(.*)\.ts$/.exec(source)?.[1];
    if (path === undefined)
      throw new Error(`package.json: the export ${name} (${source}) is not in components/`);
    exports[name] = { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` };
  }
  return { ...manifest, exports };
}
