import { toText } from '../conversion/convert.ts';
import type { StepContext } from '../definition.ts';
import type { Exchange } from './exchange.ts';
import type { Expression } from '../expression.ts';

/** What a bean that keeps watermarks must have. */
interface WatermarkStore {
  get(key: string): unknown;
  set(key: string, value: string): unknown;
}

/** How far a split has come, kept from one exchange to the next: the number of the last part, or a value that a part tells. */
export class Watermark {
  private readonly store: WatermarkStore;
  private readonly key: string;
  private readonly expression: Expression | null;

  constructor(store: WatermarkStore, key: string, expression: Expression | null) {
    this.store = store;
    this.key = key;
    this.expression = expression;
  }

  async load(): Promise<string | null> {
    return toText(await this.store.get(this.key));
  }

  async save(mark: unknown): Promise<void> {
    await this.store.set(this.key, toText(mark) ?? '');
  }

  /** The part to begin with: a value is for the route to filter by, a number tells how many are done. */
  after(last: string | null): number {
    if (last === null || this.expression !== null) return 0;
    const index = Number(last);
    return Number.isInteger(index) && index >= 0 ? index + 1 : 0;
  }

  /** The watermark that a finished part tells; null: none. */
  of(part: Exchange, index: number): unknown {
    return this.expression === null ? index : this.expression(part);
  }
}

interface Given {
  readonly resumeStrategy: string | undefined;
  readonly watermarkKey: string | undefined;
  readonly watermarkExpression: string | undefined;
}

/** The watermark that a split's options ask for; reports what is wrong with them. */
export function watermarkOf({ resumeStrategy, watermarkKey, watermarkExpression }: Given, context: StepContext): Watermark | null {
  if (resumeStrategy === undefined && watermarkKey === undefined && watermarkExpression === undefined) return null;
  if (resumeStrategy === undefined || watermarkKey === undefined) {
    context.problems.report('M0313', watermarkExpression === undefined ? '`resumeStrategy` and `watermarkKey` need each other' : '`watermarkExpression` needs `resumeStrategy` and `watermarkKey`', context.at, { help: resumeStrategy === undefined ? 'add `resumeStrategy: "#store"`: the watermark is kept in the state store' : 'add `watermarkKey: NAME`: what the watermark is kept under' });
    return null;
  }
  const expression = watermarkExpression === undefined ? null : context.languages.expression('simple', watermarkExpression);
  const store = storeOf(resumeStrategy, context);
  return store === null ? null : new Watermark(store, watermarkKey, expression);
}

function storeOf(reference: string, context: StepContext): WatermarkStore | null {
  if (reference === '#store') {
    const { store } = context;
    return {
      get: async (key) => (await store.get(`watermark/${key}`))?.value.toString('utf8'),
      set: (key, value) => store.put(`watermark/${key}`, Buffer.from(value)),
    };
  }
  if (/(^|[.:])TransientResumeStrategy$/.test(reference)) return new Map<string, string>();
  const bean = context.bean<Partial<WatermarkStore> | undefined>(reference, 'ResumeStrategy');
  if (typeof bean?.get === 'function' && typeof bean.set === 'function') return bean as WatermarkStore;
  if (!context.problems.hasErrors) context.problems.report('M0314', '`resumeStrategy` must name an object with `get(key)` and `set(key, value)`, or be `#store`', context.at, { help: 'write `resumeStrategy: "#store"`: the watermark is kept in the state store' });
  return null;
}
