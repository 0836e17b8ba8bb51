/**
 * Microseconds that one evaluation takes, in the compiled form of each language: `npm run bench -- languages`, or `npx tsx bench/languages.ts`.
 * JSONata is measured beside the library called directly, in turns.
 */
import jsonataLibrary from 'jsonata';
import { Exchange } from '../src/core/exchange/exchange.ts';
import type { Expression, LanguageContext } from '../src/core/expression.ts';
import { Headers } from '../src/core/exchange/headers.ts';
import { jq } from '../src/languages/jq/definition.ts';
import { js } from '../src/languages/js/definition.ts';
import { jsonata } from '../src/languages/jsonata/definition.ts';
import { jsonpath } from '../src/languages/jsonpath/definition.ts';
import { simple } from '../src/languages/simple/definition.ts';
import { xpath } from '../src/languages/xpath/definition.ts';

const context: LanguageContext = {
  expression: () => () => null,
  predicate: () => () => false,
  property: () => undefined,
  bean: () => undefined,
  beanNames: () => [],
  resource: () => '',
  environment: {},
  log: () => {},
};

const document = { order: { id: 'o-1', total: 1500, items: [{ price: 100, name: 'a' }, { price: 900, name: 'b' }] }, region: 'EU' };
const message = (): Exchange => new Exchange(undefined, document, Headers.from({ region: 'EU', n: 7 }));

const now = (): number => Number(process.hrtime.bigint()) / 1000;
const median = (figures: readonly number[]): number => [...figures].sort((a, b) => a - b)[figures.length >> 1]!;

async function once(run: Expression, exchange: Exchange, times: number, isAsync: boolean): Promise<number> {
  const start = now();
  if (isAsync) for (let i = 0; i < times; i++) await run(exchange);
  else for (let i = 0; i < times; i++) run(exchange);
  return (now() - start) / times;
}

/** Medians of rounds that are run in turns. */
async function compare(runs: readonly Expression[], times: number): Promise<number[]> {
  const exchange = message();
  const rounds: number[][] = runs.map(() => []);
  for (let round = 0; round < 9; round++) {
    for (const [at, run] of runs.entries()) rounds[at]!.push(await once(run, exchange, times, run.isAsync === true));
  }
  return rounds.map((figures) => median(figures.slice(2)));
}

interface Figure {
  readonly what: string;
  readonly micros: number;
  readonly goal: number | null;
}

/** One evaluation of each language; the goals are those of the project. */
export async function languageFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const add = async (what: string, run: Expression, times: number, goal: number | null = null): Promise<void> => {
    figures.push({ what, micros: (await compare([run], times))[0]!, goal });
  };
  const options = { trimResult: false, pretty: false, nested: false };
  await add("simple condition: ${header.n} > 5", simple.predicate!('${header.n} > 5', options as never, context), 300_000, 0.3);
  await add("simple condition: ${body[region]} == 'EU' && ${header.n} >= 5", simple.predicate!("${body[region]} == 'EU' && ${header.n} >= 5", options as never, context), 300_000, 0.3);
  await add('simple text: order ${body[region]} of ${header.region}', simple.expression('order ${body[region]} of ${header.region}', options as never, context), 300_000);
  const pathOptions = { suppressExceptions: false, allowSimple: true, allowEasyPredicate: true, writeAsString: false, unpackArray: false } as never;
  await add('jsonpath: $.order.total', jsonpath.expression('$.order.total', pathOptions, context), 200_000, 1);
  await add('jsonpath: $.order.items[?(@.price > 500)].name', jsonpath.expression('$.order.items[?(@.price > 500)].name', pathOptions, context), 200_000, 1);
  await add('jq: .order.items | map(.price) | add', jq.expression('.order.items | map(.price) | add', {} as never, context), 100_000);
  // Called without a promise where it needs none, as steps do; the library always gives one.
  for (const query of ['$sum(order.items.price)', "order.items[price > 500].name", 'order.total > 1000', '{ "id": order.id, "lines": order.items.{ "name": $uppercase(name), "gross": price * 1.2 } }', '$map(order.items, function($item) { $item.name & ":" & $item.price })']) {
    const library = jsonataLibrary(query);
    const direct: Expression = Object.assign(() => library.evaluate(document), { isAsync: true });
    const compiled = jsonata.expression(query, {} as never, context);
    const [ours, theirs] = await compare([Object.assign((exchange: Exchange) => compiled(exchange), { isAsync: true }), direct], 10_000);
    const [alone] = await compare([(exchange) => compiled(exchange)], 10_000);
    figures.push({ what: `jsonata: ${query.slice(0, 40)}`, micros: alone!, goal: theirs! }, { what: '  the same, waited for', micros: ours!, goal: theirs! }, { what: '  the library called directly', micros: theirs!, goal: null });
  }
  await add('js: body.order.total * 2', js.expression('body.order.total * 2', {} as never, context), 5_000);
  const xml = new Exchange(undefined, '<order><item price="1"/><item price="2"/></order>');
  const path = xpath.expression('/order/item[2]/@price', { resultType: 'String', resultQName: 'STRING', namespace: [], logNamespaces: false } as never, context);
  figures.push({ what: 'xpath: /order/item[2]/@price, the document parsed each time', micros: (await once(path, xml, 20_000, false) + await once(path, xml, 20_000, false)) / 2, goal: null });
  return figures;
}

/** Prints the figures; says whether all goals are reached. */
export async function printLanguageFigures(): Promise<boolean> {
  const figures = await languageFigures();
  for (const { what, micros, goal } of figures) console.log(`${what.padEnd(66)} ${micros.toFixed(3).padStart(9)} µs${goal === null ? '' : `   goal ${goal.toFixed(2)}: ${micros <= goal * 1.05 ? 'yes' : 'no'}`}`);
  return figures.every(({ micros, goal }) => goal === null || micros <= goal * 1.05);
}

if (process.argv[1]?.endsWith('languages.ts') === true) process.exit((await printLanguageFigures()) ? 0 : 1);
