import { sourceSnippet, stepSnippet, targetSnippet } from '../dsl/snippet.ts';
import { standardParts } from './standard.ts';

/** A snippet as a step, and as a route of its own. */
export interface Snippet {
  /** Null where nothing can be sent there. */
  readonly step: string | null;
  route(id: string): string | null;
}

const routeWith = (id: string, step: string): string => `- route:\n    id: ${id}\n    from:\n      uri: direct:${id}\n      steps:\n${step.replace(/^(?=.)/gm, '        ')}`;

/** How a step or a connector of this name is written; null where there is neither. `isTarget`: a connector as what is sent to. */
export function snippetOf(name: string, isTarget = false): Snippet | null {
  const { eips, connectors } = standardParts;
  const connector = Object.hasOwn(connectors, name) ? connectors[name] : undefined;
  const eip = Object.hasOwn(eips, name) ? eips[name] : undefined;
  // A name that is both (`kamelet`) is a step, unless it is asked for as an endpoint.
  if (eip !== undefined && !(isTarget && connector !== undefined)) {
    const step = stepSnippet(eip, name);
    return { step, route: (id) => routeWith(id, step) };
  }
  if (connector === undefined) return null;
  const step = targetSnippet(connector);
  return { step, route: (id) => (isTarget ? null : sourceSnippet(connector, id)) ?? (step === null ? null : routeWith(id, step)) };
}
