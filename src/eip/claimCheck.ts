import type { AggregationStrategy } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { dynamicText } from '../core/graph/dynamicText.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { performWith } from '../core/graph/flow.ts';
import { namePattern } from '../core/namePattern.ts';
import { exclusiveOptions, OptionError } from '../core/optionError.ts';

/** What an exchange has put aside: by key, and as a stack. */
class Claims {
  readonly byKey = new Map<string, Exchange>();
  readonly stack: Exchange[] = [];
}

const property = 'CamelClaimCheckRepository';

function claimsOf(exchange: Exchange): Claims {
  const found = exchange.property(property);
  if (found instanceof Claims) return found;
  const claims = new Claims();
  exchange.properties.set(property, claims);
  return claims;
}

type Merge = (exchange: Exchange, claimed: Exchange) => void;

const mergeHeaders = (exchange: Exchange, claimed: Exchange, isWanted: (name: string) => boolean): void =>
  claimed.headers.forEach((name, value) => {
    if (isWanted(name)) exchange.headers.set(name, value);
  });

const everything: Merge = (exchange, claimed) => {
  exchange.body = claimed.body;
  mergeHeaders(exchange, claimed, () => true);
};

/** Rules such as `body`, `header:foo*`, `-body`, `--header:bar`; without any, everything is taken back. */
function mergeOf(filter: string | undefined): Merge {
  const rules = (filter ?? '')
    .split(',')
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '');
  if (rules.length === 0 || filter === '*') return everything;
  const patterns = (prefix: RegExp): ((name: string) => boolean) => {
    const all = rules.filter((rule) => prefix.test(rule)).map((rule) => namePattern(rule.replace(prefix, '')));
    return (name) => all.some((matches) => matches(name));
  };
  const [taken, left] = [rules.find((rule) => /^\+?header:/.test(rule)), rules.find((rule) => /^-header:/.test(rule))];
  if (taken !== undefined && left !== undefined) throw new OptionError('filter', `\`filter\` can't both name the headers that are taken back (\`${taken}\`) and those that are not (\`${left}\`)`, 'leave out one kind');
  const has = (...names: string[]): boolean => rules.some((rule) => names.includes(rule));
  const isExclusive = rules.some((rule) => rule.startsWith('-'));
  const isIncluded = patterns(/^\+?header:/);
  const isExcluded = patterns(/^-header:/);
  const isRemoved = patterns(/^--header:/);
  const takesBody = isExclusive ? !has('-body') : has('body', '+body');
  const takesHeaders = isExclusive ? !has('-headers') : has('headers', '+headers');
  return (exchange, claimed) => {
    if (takesBody) exchange.body = claimed.body;
    mergeHeaders(exchange, claimed, (name) => (takesHeaders && !isExcluded(name)) || isIncluded(name));
    if (has('--body')) exchange.body = null;
    if (has('--headers')) exchange.headers.clear();
    exchange.headers.removeWhere(isRemoved);
  };
}

export const claimCheck = defineEip({
  name: 'claimCheck',
  summary: 'Puts the message aside, under a key or on a stack, and takes it back later in the route.',
  options: {
    operation: field.enum('What to do: Set and Push put aside; Get, GetAndRemove and Pop take back.', ['Get', 'GetAndRemove', 'Set', 'Push', 'Pop']).required(),
    key: field.string('Key for Get, GetAndRemove and Set; may hold Simple.'),
    filter: field.string('What is taken back, separated by commas: `body`, `headers`, `header:pattern`; with `-` before it what is not, with `--` what is removed.'),
    aggregationStrategy: field.string('Strategy that merges the message with what is taken back.'),
    aggregationStrategyMethodName: field.string('Method of a bean that is the strategy.'),
  },
  examples: [
    {
      title: 'Change the body for a while',
      route: `- from:
    uri: direct:start
    steps:
      - claimCheck: { operation: Push }
      - setBody: { constant: small }
      - to: mock:small
      - claimCheck: { operation: Pop }
      - to: mock:out
`,
      in: ['a large body'],
      out: { 'mock:small': ['small'], 'mock:out': ['a large body'] },
    },
  ],
  operator: ({ operation, key, filter, aggregationStrategy, aggregationStrategyMethodName }, context) => {
    if (filter !== undefined && aggregationStrategy !== undefined) throw exclusiveOptions('filter', 'aggregationStrategy');
    const strategy: AggregationStrategy | null =
      aggregationStrategy === undefined
        ? null
        : context.aggregationStrategy(aggregationStrategy, aggregationStrategyMethodName === undefined ? {} : { methodName: aggregationStrategyMethodName });
    const merge = mergeOf(filter);
    const takeBack = (exchange: Exchange, claimed: Exchange | undefined): void => {
      if (claimed === undefined) return;
      if (strategy === null) return merge(exchange, claimed);
      exchange.takeResult(strategy.aggregate(exchange, claimed));
    };
    return performWith(
      dynamicText(key ?? '', context),
      (exchange, name) => {
        const { byKey, stack } = claimsOf(exchange);
        if (operation === 'Push') stack.push(exchange.copy());
        else if (operation === 'Set') byKey.set(name, exchange.copy());
        else if (operation === 'Pop') takeBack(exchange, stack.pop());
        else {
          takeBack(exchange, byKey.get(name));
          if (operation === 'GetAndRemove') byKey.delete(name);
        }
      },
      context.info,
    );
  },
});
