import type { ConnectorContext } from '../core/connector.ts';
import { runtimeOf } from '../core/connector.ts';
import { toText } from '../core/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';

interface TemplateOptions {
  readonly resourceUri: string;
  readonly contentCache: boolean;
  readonly allowTemplateFromHeader: boolean;
}

/**
 * The text of a template for an exchange: of the resource, or of what headers name where that is allowed (the template itself, or another resource).
 * A fixed one is read when it is made, so that a missing file shows at the start.
 */
export function templateText(
  { resourceUri, contentCache, allowTemplateFromHeader }: TemplateOptions,
  headers: { readonly template: string; readonly resource: string } | null,
  context: ConnectorContext,
): (exchange: Exchange) => string {
  const read = (uri: string): string => runtimeOf(context).resource(uri.replace(/^resource:/, ''));
  const fixed = contentCache && resourceUri !== '' && !(allowTemplateFromHeader && resourceUri === 'dummy') ? read(resourceUri) : null;
  return (exchange) => {
    if (allowTemplateFromHeader && headers !== null) {
      const template = exchange.headers.remove(headers.template);
      if (template !== undefined && template !== null) return toText(template) ?? '';
      const other = exchange.headers.remove(headers.resource);
      if (other !== undefined && other !== null) return read(toText(other) ?? '');
    }
    if (fixed !== null) return fixed;
    try {
      return read(resourceUri);
    } catch (thrown) {
      throw new ExchangeError('java.io.FileNotFoundException', `no template ${resourceUri}`, { cause: thrown });
    }
  };
}
