import type { RuntimeAccess } from '../../core/connector.ts';
import { toText } from '../../core/conversion/convert.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { asLines, joinPaths } from '../../core/http/rest-operation.ts';
import type { StandIn } from '../../core/http/rest-operation.ts';

const fileTypes = [['json', 'application/json'], ['xml', 'text/xml']] as const;

/** What answers an operation in the place of a route: the file of its path, else an example that fits what the client takes, else what came. */
export function answerOf({ files, under, examples }: StandIn, runtime: Pick<RuntimeAccess, 'resource'>): (exchange: Exchange) => void {
  const fileOf = (path: string, given: string): readonly [type: string, text: string] | null => {
    const name = joinPaths(path.startsWith(under) ? path.slice(under.length) : path).slice(1);
    const told = fileTypes.filter(([ending]) => given.includes(ending));
    for (const folder of name.split('/').includes('..') ? [] : files) {
      for (const [ending, type] of told.length === 0 ? fileTypes : told) {
        try {
          return [type, asLines(runtime.resource(`${folder}${name}.${ending}`))];
        } catch {
          // There is no such file.
        }
      }
    }
    return null;
  };
  const exampleOf = (given: string, accept: string): readonly [type: string, text: string] | null => {
    const wanted = [given, ...accept.split(',').map((type) => type.split(';')[0]!.trim()), ...(accept === '*/*' ? ['application/json', 'application/xml'] : [])];
    const type = wanted.find((name) => examples?.[name] !== undefined);
    return type === undefined ? null : [type, examples![type]!];
  };
  return (exchange) => {
    const { headers } = exchange;
    const given = toText(headers.lookup('content-type')) ?? '';
    const found = fileOf(toText(headers.lookup('camelhttppath')) ?? '', given) ?? (examples === null ? null : (exampleOf(given, toText(headers.lookup('accept')) ?? '') ?? 'nothing'));
    headers.set('CamelHttpResponseCode', found === 'nothing' ? 204 : 200);
    if (found === null) {
      exchange.body ??= '';
      return;
    }
    exchange.body = found === 'nothing' ? '' : found[1];
    if (found !== 'nothing') headers.set('Content-Type', found[0]);
  };
}
