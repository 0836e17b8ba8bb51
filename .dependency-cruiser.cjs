/** The direction of arrows: see ARCHITECTURE.md. */
const parts = ['eip', 'languages', 'dataformats', 'connectors', 'stores', 'observe', 'dsl'];

module.exports = {
  forbidden: [
    { name: 'core-imports-nothing-of-ours', severity: 'error', from: { path: '^src/core/' }, to: { path: '^src/', pathNot: '^src/core/' } },
    ...parts.map((part) => ({
      name: `${part}-imports-core-only`,
      severity: 'error',
      from: { path: `^src/${part}/` },
      to: { path: '^src/', pathNot: `^src/(core|${part})/` },
    })),
    { name: 'runtime-knows-no-outside', severity: 'error', from: { path: '^src/runtime/' }, to: { path: '^src/(cli|sidecar|console|testing|editor)/' } },
    { name: 'editor-knows-no-cli', severity: 'error', from: { path: '^src/editor/' }, to: { path: '^src/(cli|sidecar|console)/' } },
    { name: 'testing-knows-no-cli', severity: 'error', from: { path: '^src/testing/' }, to: { path: '^src/(cli|sidecar|console)/' } },
    { name: 'sidecar-knows-no-cli', severity: 'error', from: { path: '^src/sidecar/' }, to: { path: '^src/(cli|console)/' } },
    { name: 'no-cycles-between-folders', severity: 'error', from: { path: '^src/runtime/' }, to: { circular: true, path: '^src/(cli|sidecar)/' } },
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, enhancedResolveOptions: { extensions: ['.ts', '.js'] } },
};
