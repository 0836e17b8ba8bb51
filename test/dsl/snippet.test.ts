import { expect } from 'chai';
import { Diagnostics, Source } from '../../src/core/diagnostics.ts';
import { printDiagnostics } from '../../src/dsl/diagnose.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import { readDocument } from '../../src/dsl/read.ts';
import { sourceSnippet, stepSnippet, targetSnippet } from '../../src/dsl/snippet.ts';
import { endpointReader } from '../../src/dsl/uri.ts';
import type { EndpointModel } from '../../src/dsl/model.ts';
import { standardParts } from '../../src/runtime/standard.ts';

const indented = (text: string, by: string): string => text.replace(/^(?=.)/gm, by);

/** What is wrong with a file, its endpoints included. */
function wrong(text: string): string {
  const problems = new Diagnostics();
  const { elements } = readDocument(new Source('x.yaml', text), standardParts, { properties: propertyLookup({}) }, problems);
  const reader = endpointReader(standardParts.connectors);
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ((value as { type?: unknown }).type === 'endpoint' && !/\$\{/.test((value as EndpointModel).uri)) reader.fromModel(value as EndpointModel, problems);
    for (const [key, item] of Object.entries(value)) if (!/At$|^at$|definition/.test(key)) visit(item);
  };
  visit(elements);
  return problems.list.length === 0 ? '' : `${text}\n${printDiagnostics(problems.sorted())}`;
}

describe('snippets', () => {
  for (const [name, definition] of Object.entries(standardParts.eips)) {
    it(`has a step that is right: ${name}`, () => {
      const snippet = stepSnippet(definition, name);
      expect(snippet).to.match(new RegExp(`^- ${name}:`));
      expect(wrong(`- route:\n    id: x\n    from:\n      uri: direct:start\n      steps:\n${indented(snippet, '        ')}`)).to.equal('');
    });
  }

  for (const [scheme, definition] of Object.entries(standardParts.connectors)) {
    it(`has a source or a target that is right: ${scheme}`, () => {
      const [source, target] = [sourceSnippet(definition, 'x'), targetSnippet(definition)];
      expect(source ?? target).to.not.equal(null);
      if (source !== null) expect(wrong(source)).to.equal('');
      if (target !== null) expect(wrong(`- route:\n    id: x\n    from:\n      uri: direct:start\n      steps:\n${indented(target, '        ')}`)).to.equal('');
    });
  }
});
