import { expect } from 'chai';
import type { ExpressionSyntaxError } from '../../../../src/core/expression.ts';
import { exchangeWith, simpleContext } from '../simpleContext.ts';

describe('functions of Simple that are not here', () => {
  const refused = (source: string): ExpressionSyntaxError => {
    try {
      simpleContext().expression('simple', source);
    } catch (thrown) {
      return thrown as ExpressionSyntaxError;
    }
    throw new Error(`${source} was taken`);
  };

  it('say by their whole name that they are not, and what to write instead', () => {
    for (const [source, name, instead] of [
      ["${a2a:emit('working')}", 'a2a:emit', /server-sent events/],
      ["${a2a:emit(FAILED, 'no')}", 'a2a:emit', /server-sent events/],
      ['${a2a:text}', 'a2a:text', /parts\[kind="text"\]\.text/],
      ['${a2a:data}', 'a2a:data', /parts\[kind="data"\]\.data/],
      ['before ${a2a:file} after', 'a2a:file', /parts\[kind="file"\]\.file/],
      ['${a2a:nothing}', 'a2a:nothing', /`a2a:emit`, `a2a:text`/],
    ] as const) {
      const { message, help } = refused(source);
      expect(message, source).to.include(`\`${name}\` is not available`);
      expect(help, source).to.match(instead);
    }
  });

  it('fail when they run where other functions stand in them, as in Camel', () => {
    const expression = simpleContext().expression('simple', '${a2a:text(${body})}');
    expect(() => expression(exchangeWith({ body: 'x' }))).to.throw('`a2a:text` is not available');
  });
});
