import { LRUCache } from 'lru-cache';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector, runtimeOf } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { isPromise } from '../core/graph/flow.ts';

const scriptHeader = 'CamelLanguageScript';
const cachedScripts = 1000;

const options = {
  languageName: field.string('The expression language: `simple`, `jsonpath`, ...').required().inPath(),
  resourceUri: field.string('The script itself, or a resource that holds it: `resource:file:greet.txt`, `file:greet.txt`.').inPath(),
  allowContextMapAll: field.boolean('Lets scripts see the whole exchange.').default(false).ignored('what a script sees is decided by its language'),
  allowTemplateFromHeader: field.boolean(`Takes the script from the header ${scriptHeader} where there is one. Only for messages whose sender is trusted.`).default(false),
  contentCache: field.boolean('Reads the resource once.').default(true),
  resultType: field.string('Type that the result is converted to.'),
  script: field.string('The script.'),
  transform: field.boolean('Makes the result the body; else it is dropped.').default(true),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  binary: field.boolean('The resource is no script: its bytes become the body, whatever the language.').default(false),
  cacheScript: field.boolean('Keeps scripts from headers compiled.').default(false),
};

const isResource = (text: string): boolean => /^(resource:|file:|classpath:|bean:|ref:|https?:)/.test(text);

class LanguageProducer implements Producer {
  private readonly endpoint: Endpoint<typeof options>;
  private readonly context: ConnectorContext;
  private readonly scripts = new LRUCache<string, Expression>({ max: cachedScripts });
  private readonly fixed: (() => Expression) | null;

  constructor(endpoint: Endpoint<typeof options>, context: ConnectorContext) {
    this.endpoint = endpoint;
    this.context = context;
    this.fixed = this.fixedScript();
  }

  private compile(source: string): Expression {
    const { languageName, resultType } = this.endpoint.options;
    return runtimeOf(this.context).expression(languageName, source, resultType === undefined ? {} : { resultType });
  }

  private fixedScript(): (() => Expression) | null {
    const { script, resourceUri, contentCache, binary } = this.endpoint.options;
    const source = script ?? resourceUri;
    if (source === undefined || source === '') return null;
    if (!isResource(source)) {
      const expression = this.compile(source);
      return () => expression;
    }
    if (binary) {
      const bytes = (): Buffer => Buffer.from(runtimeOf(this.context).resource(source.replace(/^resource:/, ''), 'latin1'), 'latin1');
      if (!contentCache) return () => bytes;
      const kept = bytes();
      return () => () => kept;
    }
    const read = (): string => runtimeOf(this.context).resource(source.replace(/^resource:/, ''));
    if (!contentCache) return () => this.compile(read());
    const expression = this.compile(read());
    return () => expression;
  }

  private expressionFor(exchange: Exchange): Expression {
    const { allowTemplateFromHeader, cacheScript } = this.endpoint.options;
    const given = allowTemplateFromHeader ? exchange.headers.get(scriptHeader) : null;
    if (given === null || given === undefined) {
      if (this.fixed === null) throw new ExchangeError('org.apache.camel.CamelExchangeException', 'No script to evaluate. Exchange[]');
      return this.fixed();
    }
    const written = toText(given) ?? '';
    const source = isResource(written) ? runtimeOf(this.context).resource(written.replace(/^resource:/, '')) : written;
    let expression = cacheScript ? this.scripts.get(source) : undefined;
    if (expression === undefined) {
      expression = this.compile(source);
      if (cacheScript) this.scripts.set(source, expression);
    }
    return expression;
  }

  send(exchange: Exchange): void | Promise<void> {
    const result = this.expressionFor(exchange)(exchange);
    const take = (value: unknown): void => {
      if (this.endpoint.options.transform) exchange.body = value ?? null;
    };
    return isPromise(result) ? result.then(take) : take(result);
  }
}

export const language = defineConnector({
  scheme: 'language',
  syntax: 'language:languageName:resourceUri',
  summary: 'Evaluates a script in one of the expression languages.',
  options,
  headers: { [scriptHeader]: 'The script to evaluate in place of the one in the URI, where allowTemplateFromHeader is on.' },
  check: (endpoint, context) => void new LanguageProducer(endpoint, context),
  producer: (endpoint, context) => new LanguageProducer(endpoint, context),
});
