import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { classDistance, isKnownExceptionClass, qualifiedClassName } from '../../src/core/errors.ts';
import { exceptionClasses } from '../../src/core/exceptionClasses.ts';

describe('classes of exceptions', () => {
  it('form one tree below java.lang.Throwable', () => {
    const classes = exceptionClasses();
    expect(classes.size).to.be.above(700);
    for (const [name, { parent }] of classes) expect(parent === null ? name === 'java.lang.Throwable' : classes.has(parent), name).to.equal(true);
  });

  it('know every class that a part of this runtime fails with', () => {
    const sources = (folder: URL): URL[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? sources(new URL(`${entry.name}/`, folder)) : [new URL(entry.name, folder)]));
    const named = new Set(sources(new URL('../../src/', import.meta.url)).flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/'((?:java|javax|org|com|io|net|software|freemarker|mecha)\.[\w.$]*(?:Exception|Error))'/g)].map(([, name]) => name!)));
    expect(named.size).to.be.above(150);
    expect([...named].filter((name) => !isKnownExceptionClass(name))).to.deep.equal([]);
  });

  it('are caught by their parents, the nearer the better', () => {
    expect(classDistance('org.apache.kafka.common.errors.TimeoutException', 'org.apache.kafka.common.errors.RetriableException')).to.equal(1);
    expect(classDistance('org.springframework.dao.DuplicateKeyException', 'java.lang.RuntimeException')).to.be.above(1);
    expect(classDistance('org.apache.camel.component.bean.MethodNotFoundException', 'org.apache.camel.RuntimeCamelException')).to.equal(2);
    expect(classDistance('org.apache.camel.component.bean.MethodNotFoundException', 'org.apache.camel.CamelExchangeException')).to.equal(-1);
    expect(classDistance('com.acme.OutOfStock', 'java.lang.Exception')).to.equal(1);
    expect(classDistance('com.acme.OutOfStock', 'java.lang.RuntimeException')).to.equal(-1);
  });

  it('are meant by their simple names: those of Java first', () => {
    expect(qualifiedClassName('TimeoutException')).to.equal('java.util.concurrent.TimeoutException');
    expect(qualifiedClassName('ValidationException')).to.equal('org.apache.camel.ValidationException');
    expect(qualifiedClassName('HttpOperationFailedException')).to.equal('org.apache.camel.http.base.HttpOperationFailedException');
    expect(qualifiedClassName('OutOfStock')).to.equal('OutOfStock');
  });
});
