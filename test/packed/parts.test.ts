import assert from 'node:assert/strict';
import type { Built } from '../../scripts/parts.mjs';
import { layOut, takenBy } from '../../scripts/parts.mjs';

/** Modules with their size and what they import; `?` before a name: lazily. */
function built(modules: Readonly<Record<string, readonly [bytes: number, ...imports: string[]]>>): Built {
  const paths = Object.keys(modules);
  const imports = (path: string): Built['inputs'][string] => ({
    imports: (modules[path]!.slice(1) as string[]).map((name) => ({ path: name.replace('?', ''), original: `original ${name.replace('?', '')}`, kind: name.startsWith('?') ? 'dynamic-import' : 'import-statement' })),
  });
  return {
    inputs: Object.fromEntries(paths.map((path) => [path, imports(path)])),
    outputs: { 'mecha.js': { entryPoint: 'bin/mecha.ts', inputs: Object.fromEntries(paths.map((path) => [path, { bytesInOutput: modules[path]![0] }])) } },
  };
}

describe('the parts that the command is built in', () => {
  it('leaves to the program what a run needs, and gives a large connector a part of its own with all that only it needs', () => {
    const { partOf } = layOut(
      built({
        'bin/mecha.ts': [10, '?src/cli/run.ts'],
        'src/cli/run.ts': [10, 'src/core/a.ts', '?src/connectors/big/definition.ts', '?src/connectors/little.ts', '?src/connectors/direct.ts'],
        'src/core/a.ts': [10],
        'src/core/b.ts': [10],
        'src/connectors/direct.ts': [100],
        'src/connectors/big/definition.ts': [100, 'src/core/a.ts', '?src/connectors/big/consumer.ts'],
        'src/connectors/big/consumer.ts': [20_000, 'node_modules/big/index.js', 'src/core/b.ts'],
        'node_modules/big/index.js': [50_000],
        'src/connectors/little.ts': [3000],
      }),
    );
    assert.deepEqual(Object.fromEntries(partOf), {
      'bin/mecha.ts': 'command',
      'src/cli/run.ts': 'program',
      'src/core/a.ts': 'program',
      'src/connectors/direct.ts': 'program',
      'src/connectors/big/definition.ts': 'connectors-big',
      'src/connectors/big/consumer.ts': 'connectors-big',
      'node_modules/big/index.js': 'connectors-big',
      'src/core/b.ts': 'connectors-big',
      'src/connectors/little.ts': 'connectors',
    });
  });

  it('gives the program what several parts need, and the commands what only commands do', () => {
    const { partOf } = layOut(
      built({
        'bin/mecha.ts': [10, '?src/cli/run.ts', '?src/cli/lsp.ts', '?src/cli/test.ts'],
        'src/cli/run.ts': [10, '?src/connectors/one/definition.ts', '?src/connectors/two/definition.ts'],
        'src/cli/lsp.ts': [30_000, 'src/testing/format.ts'],
        'src/cli/test.ts': [30_000, 'src/testing/format.ts'],
        'src/testing/format.ts': [10],
        'src/connectors/one/definition.ts': [20_000, 'src/dsl/shared.ts', 'src/connectors/two/queue.ts'],
        'src/connectors/two/definition.ts': [20_000, 'src/dsl/shared.ts', 'src/connectors/two/queue.ts'],
        'src/connectors/two/queue.ts': [10],
        'src/dsl/shared.ts': [10],
      }),
    );
    assert.equal(partOf.get('src/dsl/shared.ts'), 'program');
    assert.equal(partOf.get('src/connectors/two/queue.ts'), 'connectors-two');
    assert.equal(partOf.get('src/testing/format.ts'), 'cli');
    assert.deepEqual([partOf.get('src/cli/lsp.ts'), partOf.get('src/cli/test.ts')], ['cli-lsp', 'cli-test']);
  });

  it('loads no engine where the command line is read, nor with a command that does without', () => {
    const { partOf } = layOut(
      built({
        'bin/mecha.ts': [10, 'src/core/clock.ts', '?src/cli/run.ts', '?src/cli/test.ts', '?src/testing/worker.ts'],
        'src/cli/run.ts': [10, 'src/core/clock.ts', 'src/runtime/files.ts', 'src/runtime/engine.ts'],
        'src/cli/test.ts': [10, 'src/runtime/files.ts', 'src/testing/report.ts'],
        'src/testing/worker.ts': [10, 'src/runtime/engine.ts'],
        'src/testing/report.ts': [10],
        'src/core/clock.ts': [10],
        'src/runtime/files.ts': [10, 'node_modules/globs/index.js'],
        'node_modules/globs/index.js': [10],
        'src/runtime/engine.ts': [10],
      }),
    );
    const parts = [...partOf];
    assert.deepEqual(parts.flatMap(([path, part]) => (part === 'command' ? [path] : [])).sort(), ['bin/mecha.ts', 'node_modules/globs/index.js', 'src/core/clock.ts', 'src/runtime/files.ts']);
    assert.deepEqual(parts.flatMap(([path, part]) => (part === 'program' ? [path] : [])).sort(), ['src/cli/run.ts', 'src/runtime/engine.ts']);
    assert.deepEqual(parts.flatMap(([path, part]) => (part === 'cli-test' ? [path] : [])).sort(), ['src/cli/test.ts', 'src/testing/report.ts', 'src/testing/worker.ts']);
  });

  it('keeps small patterns in the program', () => {
    const { partOf } = layOut(built({ 'bin/mecha.ts': [10, '?src/eip/setBody.ts', '?src/eip/saga.ts', '?src/eip/aggregate.ts'], 'src/eip/setBody.ts': [900], 'src/eip/saga.ts': [9000], 'src/eip/aggregate.ts': [30_000] }));
    assert.deepEqual([partOf.get('src/eip/setBody.ts'), partOf.get('src/eip/saga.ts'), partOf.get('src/eip/aggregate.ts')], ['program', 'eip', 'eip-aggregate']);
  });

  it('knows what a module takes of others by name', () => {
    const code = 'import { a, b as c } from "./one.ts";\nimport {\n  d\n} from "./two.ts";\nimport e, { f } from "./three.ts";\nimport * as g from "./four.ts";\nexport { h as i } from "./five.ts";\nimport "./six.ts";\nconst x = await import("./seven.ts");\n';
    assert.deepEqual(takenBy(code), [
      { from: './one.ts', names: ['a', 'b'] },
      { from: './two.ts', names: ['d'] },
      { from: './three.ts', names: ['default', 'f'] },
      { from: './four.ts', names: ['*'] },
      { from: './five.ts', names: ['h'] },
    ]);
  });
});
