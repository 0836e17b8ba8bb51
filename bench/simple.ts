/** Microseconds that Simple takes: to compile, and to evaluate five typical expressions. Run: npx tsx bench/simple.ts */
import { Exchange } from '../src/core/exchange.ts';
import type { LanguageContext } from '../src/core/expression.ts';
import { Headers } from '../src/core/headers.ts';
import { simple } from '../src/languages/simple/definition.ts';

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
const options = { trimResult: false, pretty: false, nested: false };
const exchange = new Exchange(undefined, { amount: 1500, name: 'Ann' }, Headers.from({ region: 'EU', n: 7, id: 'o-1' }));

const expressions = ['${body}', '${header.region}', 'order ${header.id} of ${body[name]} in ${header.region}'];
const predicates = ['${header.n} > 5', "${body[amount]} >= 1000 && ${header.region} == 'EU'"];

const now = (): number => Number(process.hrtime.bigint()) / 1000;

/** The median of seven rounds. */
function measure(run: () => void, times: number): number {
  const rounds: number[] = [];
  for (let round = 0; round < 7; round++) {
    const start = now();
    for (let i = 0; i < times; i++) run();
    rounds.push((now() - start) / times);
  }
  return rounds.sort((a, b) => a - b)[3]!;
}

const firstStart = now();
simple.expression('${header.first}', options, context);
console.log(`first compile (parser made) ${((now() - firstStart) / 1000).toFixed(1)} ms`);

let kept: unknown;
const report = (source: string, compile: () => (exchange: Exchange) => unknown): void => {
  const compiled = compile();
  const evaluated = measure(() => (kept = compiled(exchange)), 1_000_000);
  const compiling = measure(() => (kept = compile()), 500);
  console.log(`${evaluated.toFixed(4)} µs  (compiled in ${compiling.toFixed(1)} µs)  ${source}`);
};
for (const source of expressions) report(source, () => simple.expression(source, options, context));
for (const source of predicates) report(source, () => simple.predicate!(source, options, context));
if (kept === undefined) throw new Error('nothing was evaluated');
