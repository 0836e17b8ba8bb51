import type { ConnectorDefinition } from '../core/connector.ts';
import type { Diagnostics } from '../core/diagnostics.ts';
import type { EndpointModel } from '../dsl/model.ts';
import type { ResolvedEndpoint } from './endpoints.ts';

type Connectors = Readonly<Record<string, ConnectorDefinition>>;

export function readEndpoint(model: EndpointModel, connectors: Connectors, problems: Diagnostics): ResolvedEndpoint | null {
  const query = Object.entries(model.parameters).map(([k, v]) => `${k}=${v}`).join('&');
  try {
    return readEndpointText(query ? `${model.uri}?${query}` : model.uri, connectors);
  } catch (e) {
    problems.report('M0401', (e as Error).message, model.at);
    return null;
  }
}

export function readEndpointText(uri: string, connectors: Connectors): ResolvedEndpoint {
  const [, scheme, rest] = /^([\w.+-]+):(.*)$/s.exec(uri) ?? [];
  const definition = connectors[scheme ?? ''];
  if (definition === undefined) throw new Error(`unknown scheme ${scheme}`);
  const [path, query = ''] = rest!.replace(/^\/\//, '').split('?');
  const options: Record<string, unknown> = {};
  for (const [name, { shape }] of Object.entries(definition.options)) options[name] = shape.isInPath ? path : shape.default;
  for (const [k, v] of new URLSearchParams(query)) {
    const kind = definition.options[k]?.shape.kind;
    options[k] = kind === 'boolean' ? v === 'true' : kind === 'integer' || kind === 'millis' ? Number(v) : v;
  }
  return { definition, endpoint: { uri, shownUri: uri, scheme: scheme!, path: path!, options: options as never, rest: {} } };
}
