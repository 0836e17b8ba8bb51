import { expect } from 'chai';
import { field } from '../../src/core/field.ts';
import { parseBytes, parseEnum, parseMillis, parseScalar, plainValue } from '../../src/dsl/scalars.ts';

describe('scalars', () => {
  const durations: readonly (readonly [string, number | null])[] = [
    ['500', 500],
    ['-1', -1],
    ['5s', 5000],
    ['500ms', 500],
    ['1m30s', 90_000],
    ['1H30M', 5_400_000],
    ['1min', 60_000],
    ['2d', 172_800_000],
    ['PT1S', 1000],
    ['PT1H30M', 5_400_000],
    ['fast', null],
    ['1.5s', null],
    ['1m 30s', null],
    ['', null],
    ['P', null],
  ];
  for (const [text, millis] of durations) it(`reads "${text}" as ${millis === null ? 'no duration' : `${millis} milliseconds`}`, () => expect(parseMillis(text)).to.equal(millis));

  it('reads sizes', () => {
    expect(['1024', '10KB', '5 mb', '1g', 'big'].map(parseBytes)).to.deep.equal([1024, 10_240, 5_242_880, 1_073_741_824, null]);
  });

  it('reads enums whatever their letter case, dashes and underscores', () => {
    expect(parseEnum('inonly', ['InOnly', 'InOut'])).to.equal('InOnly');
    expect(parseEnum('JSON-XML', ['json', 'json_xml'])).to.equal('json_xml');
    expect(parseEnum('other', ['json'])).to.equal(null);
  });

  it('takes only true and false as booleans, whole numbers as integers', () => {
    const read = (definition: { shape: Parameters<typeof parseScalar>[0] }, text: string): unknown => {
      const result = parseScalar(definition.shape, text);
      return 'value' in result ? result.value : 'wrong';
    };
    expect(['true', 'TRUE', 'False', 'yes', '1', ''].map((text) => read(field.boolean(''), text))).to.deep.equal([true, true, false, 'wrong', 'wrong', 'wrong']);
    expect(['5', '-5', '1.0', '1_0', ' 7 ', '99999999999999999999'].map((text) => read(field.integer(''), text))).to.deep.equal([5, -5, 'wrong', 'wrong', 7, 'wrong']);
    expect(['0', '1', '11'].map((text) => read(field.integer('').atLeast(1).atMost(10), text))).to.deep.equal(['wrong', 1, 'wrong']);
    expect(['0.5', '.5', '1e3', 'x'].map((text) => read(field.number(''), text))).to.deep.equal([0.5, 0.5, 1000, 'wrong']);
  });

  it('gives plain YAML values their types', () => {
    expect(['', '~', 'null', 'true', 'False', '12', '-1', '1.5', '1e3', '010', '0x10', 'yes', '2020-01-02'].map(plainValue)).to.deep.equal([
      null, null, null, true, false, 12, -1, 1.5, 1000, '010', '0x10', 'yes', '2020-01-02',
    ]);
  });
});
