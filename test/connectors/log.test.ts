import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import { FileBody } from '../../src/core/conversion/file-body.ts';
import { log } from '../../src/connectors/log.ts';
import { Surroundings } from '../contract/connector.ts';

const definition = log as never;

describe('log, the connector', () => {
  let clock: VirtualClock;
  let around: Surroundings;
  let lines: { level: string; logger: string; message: string }[];

  beforeEach(() => {
    clock = new VirtualClock();
    around = new Surroundings({ clock });
    lines = [];
    around.events.on('log', ({ level, logger, message }) => lines.push({ level, logger, message }));
  });

  const line = async (query: string, body: unknown = 'b', headers: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    lines.length = 0;
    await around.send(await around.producer(definition, `log:x${query === '' ? '' : `?${query}`}`), around.exchange(body, headers));
    return lines.map(({ message }) => message).join('|');
  };

  it('shows pattern, type and body when nothing is said about its form', async () => {
    expect(await line('')).to.equal('Exchange[ExchangePattern: InOnly, BodyType: String, Body: b]');
    expect(await line('level=WARN')).to.equal('Exchange[ExchangePattern: InOnly, BodyType: String, Body: b]');
    expect(lines[0]).to.include({ level: 'warn', logger: 'x' });
    expect(await line('level=OFF')).to.equal('');
  });

  it("names types as Camel's log does", async () => {
    const shown: readonly (readonly [unknown, string])[] = [
      [null, 'BodyType: null, Body: [Body is null]'],
      [1, 'BodyType: Integer, Body: 1'],
      [12_345_678_901, 'BodyType: Long, Body: 12345678901'],
      [1.5, 'BodyType: Double, Body: 1.5'],
      [true, 'BodyType: Boolean, Body: true'],
      [[1, 'a', null], 'BodyType: java.util.ArrayList, Body: [1, a, null]'],
      [{ k: [1, 2] }, 'BodyType: java.util.LinkedHashMap, Body: {k=[1, 2]}'],
      [Buffer.from('hello'), 'BodyType: byte[], Body: hello'],
      [new FileBody({ path: '/none', name: 'a.txt', length: 1, lastModified: 0 }), 'BodyType: org.apache.camel.component.file.GenericFile, Body: [Body is file based: GenericFile[a.txt]]'],
    ];
    for (const [body, text] of shown) expect(await line('showFuture=true', body)).to.equal(`Exchange[${text}]`);
  });

  it('sorts headers, and leaves line ends out unless it is told to keep them', async () => {
    expect(await line('showHeaders=true', 'one\ntwo', { b: 1, a: 'x' })).to.equal('Exchange[Headers: {a=x, b=1}, BodyType: String, Body: onetwo]');
    expect(await line('skipBodyLineSeparator=false', 'one\ntwo')).to.equal('Exchange[BodyType: String, Body: one\ntwo]');
  });

  it('has its styles', async () => {
    expect(await line('style=Tab')).to.equal('Exchange[\tBodyType: String\tBody: b]');
    expect(await line('style=Fixed')).to.equal('Exchange[\tBodyType            String\tBody                b]');
    expect(await line('multiline=true')).to.equal('Exchange[\n  BodyType: String\n  Body: b\n]');
    expect(await line('style=Fixed&multiline=true')).to.equal('Exchange[\n\tBodyType            String\n\tBody                b\n]');
    expect(await line('plain=true', 'one\ntwo')).to.equal('one\ntwo');
    expect(await line('showBody=false&showBodyType=false')).to.equal('Exchange[]');
  });

  it('cuts long lines and bodies', async () => {
    expect(await line('maxChars=15', 'a long body')).to.equal('Exchange[BodyType: Str...]');
    expect(await line('maxChars=5&plain=true', 'line1\nline2')).to.equal('line1... [Body clipped after 5 chars, total length is 11]');
  });

  it('shows exceptions', async () => {
    const exchange = around.exchange('b');
    exchange.properties.set('CamelExceptionCaught', new ExchangeError('java.lang.IllegalStateException', 'boom'));
    await around.send(await around.producer(definition, 'log:x?showCaughtException=true'), exchange);
    await around.send(await around.producer(definition, 'log:x?showException=true'), exchange);
    expect(lines.map(({ message }) => message)).to.deep.equal([
      'Exchange[BodyType: String, Body: b, CaughtExceptionType: java.lang.IllegalStateException, CaughtExceptionMessage: boom]',
      'Exchange[BodyType: String, Body: b]',
    ]);
  });

  it('masks secrets in texts, JSON and XML', async () => {
    expect(await line('logMask=true&plain=true', 'user=a,password=secret,b=c')).to.equal('user=xxxxx,password=xxxxx,b=c');
    expect(await line('logMask=true&plain=true', '{"password": "se\\"cret", "n": 2}')).to.equal('{"password": "xxxxx", "n": 2}');
    expect(await line('logMask=true&plain=true', '<accessToken>abc</accessToken>')).to.equal('<accessToken>xxxxx</accessToken>');
  });

  it('counts instead, after every groupSize messages', async () => {
    const producer = await around.producer(definition, 'log:x?groupSize=2');
    for (let i = 0; i < 4; i++) {
      await around.send(producer, around.exchange(i));
      await clock.advance(100);
    }
    expect(lines.map(({ message }) => message)).to.deep.equal([
      'Received: 2 messages so far. Last group took: 100 millis which is: 20 messages per second. average: 20',
      'Received: 4 messages so far. Last group took: 200 millis which is: 10 messages per second. average: 13.333',
    ]);
  });

  it('counts instead, every groupInterval, and leaves no timer behind', async () => {
    const producer = await around.producer(definition, 'log:x?groupInterval=1000&groupDelay=500');
    await around.send(producer, around.exchange(1));
    await clock.advance(3000);
    expect(lines.map(({ message }) => message)).to.deep.equal([
      'Received: 1 new messages, with total 1 so far. Last group took: 500 millis which is: 2 messages per second. average: 2',
    ]);
    await producer.close!();
    expect(around.clock.waiting).to.equal(0);
  });
});
