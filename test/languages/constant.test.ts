import { expect } from 'chai';
import { ExpressionSyntaxError } from '../../src/core/expression.ts';
import { constant } from '../../src/languages/constant.ts';
import { languageContext } from './languageContext.ts';

const made = (source: string, resultType?: string): unknown => constant.expression(source, { resultType } as never, languageContext());

describe('constant', () => {
  it('is a wrong expression of the route when it can not be what is wanted', () => {
    expect(() => made('twelve', 'int')).to.throw(ExpressionSyntaxError, /twelve/).with.property('length', 6);
    expect(() => made('12', 'int')).not.to.throw();
  });
});
