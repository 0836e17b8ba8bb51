import { expect } from 'chai';
import type { ConnectorDefinition } from '../../src/core/connector.ts';
import type { Diagnostic } from '../../src/core/diagnostics.ts';
import type { Field } from '../../src/core/field.ts';
import { defineConnector } from '../../src/core/connector.ts';
import { field } from '../../src/core/field.ts';
import { Mecha } from '../../src/index.ts';
import { standardParts } from '../../src/runtime/standard.ts';

interface Wrong {
  readonly option: string;
  readonly value: string;
}

/** A value that the option can't have; null where it takes any text. */
function wrongValue({ shape }: Field): string | null {
  switch (shape.kind) {
    case 'boolean':
    case 'integer':
    case 'number':
    case 'bytes':
    case 'millis':
    case 'enum':
      return 'no-such-value';
    default:
      return null;
  }
}

/** What a line of options is complained about with, from the definition alone. */
const wrongs = ({ options, isLenient }: ConnectorDefinition): Wrong[] => [
  ...Object.entries(options).flatMap(([option, definition]) => {
    const value = definition.shape.isInPath || definition.shape.prefix !== null ? null : wrongValue(definition);
    return value === null ? [] : [{ option, value }];
  }),
  ...(isLenient === true ? [] : [{ option: 'noSuchOption', value: 'x' }]),
];

/** A path that fits the connector's syntax. */
const pathOf = ({ scheme, syntax }: ConnectorDefinition): string => `${scheme}:${syntax.slice(syntax.indexOf(':') + 1).replace(/\bport\b/, '1234')}`;

async function missed(definition: ConnectorDefinition, connectors: readonly ConnectorDefinition[] = []): Promise<string[]> {
  const all = wrongs(definition);
  const isSource = definition.consumer !== undefined;
  const uri = pathOf(definition);
  // A route for each, so that each has a complaint of its own.
  const lines: string[] = [];
  const at = all.map(({ option, value }) => {
    if (isSource) lines.push('- route:', '    from:', `      uri: ${JSON.stringify(uri)}`, '      parameters:', `        ${option}: ${value}`, '      steps:', '        - log: x');
    else lines.push('- route:', '    from:', '      uri: direct:a', '      steps:', '        - to:', `            uri: ${JSON.stringify(uri)}`, '            parameters:', `              ${option}: ${value}`);
    return isSource ? lines.length - 2 : lines.length;
  });
  const text = `${lines.join('\n')}\n`;
  const found = await Mecha.check({ configuration: null, routes: text, connectors: connectors as never, settings: { 'state.store': 'memory' } });
  const complaints = new Map<number, Diagnostic[]>();
  for (const problem of found) {
    if (problem.at === null) continue;
    const line = text.slice(0, problem.at.start).split('\n').length;
    complaints.set(line, [...(complaints.get(line) ?? []), problem]);
  }
  return all.flatMap(({ option, value }, index) => {
    const here = (complaints.get(at[index]!) ?? []).filter(({ message }) => message.includes(option));
    const columns = here.map((problem) => problem.at!.start - text.lastIndexOf('\n', problem.at!.start - 1) - 1);
    const [name, given] = [text.split('\n')[at[index]! - 1]!.indexOf(option), text.split('\n')[at[index]! - 1]!.indexOf(value, option.length)];
    return columns.some((column) => column === name || column === given) ? [] : [`${option}: ${value}`];
  });
}

describe('wrong options of an endpoint', () => {
  for (const definition of new Set(Object.values(standardParts.connectors))) {
    if (wrongs(definition).length === 0) continue;
    it(`are refused by ${definition.scheme}: when it is loaded, each at its line and column`, async () => {
      expect(await missed(definition)).to.deep.equal([]);
    }).timeout(20_000);
  }

  it('would be seen to pass, were they taken', async () => {
    const careless = defineConnector({ scheme: 'careless', syntax: 'careless:name', summary: 'Takes anything.', isLenient: true, options: { name: field.string('Name.').inPath(), size: field.string('Any text.') }, consumer: () => ({ start: () => Promise.resolve(), stop: () => Promise.resolve() }) });
    const strict = { ...careless, isLenient: false, options: { ...careless.options, size: field.count('A number.') } };
    expect(await missed(strict as never, [strict as never])).to.deep.equal([]);
    expect(await missed(strict as never, [careless as never])).to.deep.equal(['size: no-such-value', 'noSuchOption: x']);
  });
});
