import { toText } from '../../../core/conversion/convert.ts';
import type { Exchange } from '../../../core/exchange/exchange.ts';
import { ExpressionSyntaxError } from '../../../core/expression.ts';
import { nearest } from '../../../core/diagnostics.ts';
import { fold } from '../../../core/exchange/headers.ts';
import type { FunctionBuilder, Value } from '../value.ts';
import { notMine } from './notMine.ts';

const headerText = (name: string): ((exchange: Exchange) => string | null) => {
  const folded = fold(name);
  return (exchange) => toText(exchange.headers.lookup(folded));
};

const onlyName = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
const folderOf = (path: string): string => path.slice(0, path.length - onlyName(path).length);

/** All behind the first dot of the name, or behind the last. */
function extension(path: string, isSingle: boolean): string | null {
  const name = onlyName(path);
  const dot = isSingle ? name.lastIndexOf('.') : name.indexOf('.');
  return dot < 0 ? null : name.slice(dot + 1);
}

function withoutExtension(path: string, isSingle: boolean): string {
  const name = onlyName(path);
  const dot = isSingle ? name.lastIndexOf('.') : name.indexOf('.');
  // A name that begins with its only dot has no extension.
  return dot <= 0 ? path : folderOf(path) + name.slice(0, dot);
}

const ofName = (apply: (path: string) => string | null): Value => {
  const name = headerText('CamelFileName');
  return (exchange) => {
    const path = name(exchange);
    return path === null ? null : apply(path);
  };
};

const ofOnlyName = (apply: (path: string) => string | null): Value => {
  const only = headerText('CamelFileNameOnly');
  const name = headerText('CamelFileName');
  return (exchange) => {
    const path = only(exchange) ?? name(exchange);
    return path === null ? null : apply(onlyName(path));
  };
};

const ofHeader = (name: string): Value => {
  const folded = fold(name);
  return (exchange) => exchange.headers.lookup(folded) ?? null;
};

const isAbsolute: Value = (exchange) => {
  const value = exchange.headers.get('CamelFileAbsolute');
  return value ?? null;
};

const names: Readonly<Record<string, Value>> = {
  name: ofName((path) => path),
  'name.noext': ofName((path) => withoutExtension(path, false)),
  'name.noext.single': ofName((path) => withoutExtension(path, true)),
  'name.ext': ofName((path) => extension(path, false)),
  'name.ext.single': ofName((path) => extension(path, true)),
  ext: ofName((path) => extension(path, false)),
  onlyname: ofOnlyName((path) => path),
  'onlyname.noext': ofOnlyName((path) => withoutExtension(path, false)),
  'onlyname.noext.single': ofOnlyName((path) => withoutExtension(path, true)),
  parent: ofHeader('CamelFileParent'),
  path: ofHeader('CamelFilePath'),
  absolute: isAbsolute,
  'absolute.path': ofHeader('CamelFileAbsolutePath'),
  length: ofHeader('CamelFileLength'),
  size: ofHeader('CamelFileLength'),
  modified: (exchange) => {
    const value = exchange.headers.get('CamelFileLastModified');
    return typeof value === 'number' ? new Date(value) : (value ?? null);
  },
};

export const fileFunctions: Readonly<Record<string, FunctionBuilder>> = {
  file: (call) => {
    if (!call.tail.startsWith(':') || call.tail.length === 1) return notMine;
    const name = call.tail.slice(1);
    if (Object.hasOwn(names, name)) return names[name]!;
    const near = nearest(name, Object.keys(names));
    throw new ExpressionSyntaxError(`unknown file property \`${name}\``, call.at + 5, name.length, near === null ? `one of ${Object.keys(names).join(', ')}` : `did you mean \`file:${near}\`?`);
  },
};
