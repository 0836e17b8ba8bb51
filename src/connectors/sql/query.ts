import type { ConnectorContext } from '../../core/connector.ts';
import { runtimeOf } from '../../core/connector.ts';

/** A query, or the one in the resource that it names: without comments, on one line. */
export function queryText(query: string, context: ConnectorContext): string {
  if (!/^(?:resource:)?(?:file|classpath):/.test(query)) return query;
  return runtimeOf(context)
    .resource(query.replace(/^resource:/, ''))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('--'))
    .join('\n');
}
