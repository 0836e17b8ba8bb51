import { expect } from 'chai';
import { javaPattern } from '../../src/core/javaPattern.ts';

const cut = (pattern: string, text: string): string[] => text.split(javaPattern(pattern, 'g'));

describe('patterns in the notation of Java', () => {
  it('mean what they mean there', () => {
    expect(cut('\\R', 'a\r\nb\nc\r\rd')).to.deep.equal(['a', 'b', 'c', '', 'd']);
    expect(cut('\\h+', 'a \t\u00a0b\nc')).to.deep.equal(['a', 'b\nc']);
    expect(cut('\\v', 'a\nb\rc d')).to.deep.equal(['a', 'b', 'c d']);
    expect(cut('[\\h,]', 'a b,c\u00a0d')).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(cut('\\s', 'a\u00a0b c')).to.deep.equal(['a\u00a0b', 'c']);
    expect(cut('(?i)B', 'abcBd')).to.deep.equal(['a', 'c', 'd']);
    expect(cut('\\Q|.\\E+', 'a|..b')).to.deep.equal(['a', 'b']);
    expect(cut('\\p{Punct}', 'a,b-c]d^e')).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(cut('[\\p{Upper}\\p{Digit}]', 'aBc1d')).to.deep.equal(['a', 'c', 'd']);
    expect(cut('\\p{L}+', '1ä2bß3')).to.deep.equal(['1', '2', '3']);
    expect(cut('\\P{L}+', 'ä12ß')).to.deep.equal(['ä', 'ß']);
    expect(cut('b\\z', 'bab')).to.deep.equal(['ba', '']);
    expect(cut('\\Ab', 'bab')).to.deep.equal(['', 'ab']);
    expect(cut('[]a]', 'xay]z')).to.deep.equal(['x', 'y', 'z']);
    expect(cut('}', 'a}b')).to.deep.equal(['a', 'b']);
    expect(cut('\\p{L}}', 'ab}c')).to.deep.equal(['a', 'c']);
    expect(cut('a{2}|[{]', 'xaay{z')).to.deep.equal(['x', 'y', 'z']);
    expect(cut('\\x2c|\\u003b', 'a,b;c')).to.deep.equal(['a', 'b', 'c']);
  });

  it('are refused where they are wrong, or say what can not be said here', () => {
    for (const pattern of ['{', '\\', '\\y', '\\p{Nope}', 'a++', 'a*+', '(?>a)', '[a[b]]', '[a&&b]', '(', '(?x) a']) expect(() => javaPattern(pattern, 'g'), pattern).to.throw(SyntaxError);
    for (const pattern of ['\\++', '[+]+', 'a\\*+']) expect(() => javaPattern(pattern, 'g'), pattern).not.to.throw();
  });
});
