import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { sse } from '../../../src/connectors/sse/definition.ts';
import { parseXml, XmlNodeList } from '../../../src/core/conversion/xml.ts';
import { httpListeners } from '../../../src/core/http/listener.ts';
import type { ConnectorDefinition } from '../../../src/core/connector.ts';
import { shutdownError } from '../../../src/core/exchange/waits.ts';
import { eventually, Surroundings, TestRoute } from '../../contract/connector.ts';

const definition = sse as unknown as ConnectorDefinition<never>;

/** Reads a stream as a browser would. */
async function subscribe(url: string, headers: Readonly<Record<string, string>> = {}): Promise<{ reply: IncomingMessage; text: () => string; end: () => void }> {
  let text = '';
  const reply = await new Promise<IncomingMessage>((resolve, reject) => get(url, { headers, agent: false }, resolve).on('error', reject));
  reply.setEncoding('utf8');
  reply.on('data', (chunk: string) => (text += chunk));
  reply.on('error', () => undefined);
  return { reply, text: () => text, end: () => reply.destroy() };
}

describe('sse', () => {
  describe('serving', () => {
    const serving = async (query = ''): Promise<{ around: Surroundings; url: string; send: (body: unknown, headers?: Readonly<Record<string, unknown>>) => Promise<unknown>; close: () => Promise<void> }> => {
      const around = new Surroundings();
      const producer = await around.producer(definition, `sse:127.0.0.1:0/events${query}`);
      return {
        around,
        url: `${httpListeners(around.context).at('127.0.0.1', 0).url}/events`,
        send: async (body, headers = {}) => (await around.send(producer, around.exchange(body, headers))).headers.get('CamelSseSubscribers'),
        close: async () => producer.close!(),
      };
    };

    it('streams each message to all subscribers, with its id, its name and each of its lines', async () => {
      const { close, send, url } = await serving('?event=change&retry=500');
      const [first, second] = [await subscribe(url), await subscribe(url)];
      expect(first.reply.headers['content-type']).to.equal('text/event-stream; charset=utf-8');
      expect(await send('two\nlines', { CamelSseId: 'x\n1' })).to.equal(2);
      expect(await send({ a: [1] }, { CamelSseEvent: 'other' })).to.equal(2);
      for (const { text } of [first, second]) await eventually(() => expect(text()).to.match(/^retry: 500\n\nid: x 1\nevent: change\ndata: two\ndata: lines\n\nid: \w+-1\nevent: other\ndata: {"a":\[1\]}\n\n$/));
      first.end();
      await eventually(async () => expect(await send('gone')).to.equal(1));
      const ended = new Promise((resolve) => second.reply.on('end', resolve));
      await close();
      await ended;
    });

    it('sends maps, lists and iterators as JSON, and nodes of XML as their text', async () => {
      const { close, send, url } = await serving('?history=0');
      const { end, text } = await subscribe(url);
      const { root } = parseXml('<r><i>a</i><i>b</i></r>');
      for (const body of [{ a: 1 }, [1, 'x'], ['p', 2][Symbol.iterator](), root, new XmlNodeList(...root.children), 5, Buffer.from('bytes')]) expect(await send(body)).to.equal(1);
      await eventually(() => expect([...text().matchAll(/^data: (.*)$/gm)].map(([, data]) => data)).to.deep.equal(['{"a":1}', '[1,"x"]', '["p",2]', '<r><i>a</i><i>b</i></r>', '<i>a</i><i>b</i>', '5', 'bytes']));
      end();
      await close();
    });

    it('gives who comes back what came since, as far as it is kept, and everything to who is not remembered', async () => {
      const { close, send, url } = await serving('?history=3');
      for (const name of ['a', 'b', 'c', 'd']) await send(name, { CamelSseId: name });
      const got = async (last: string): Promise<string> => {
        const { end, text } = await subscribe(url, last === '' ? {} : { 'Last-Event-ID': last });
        await eventually(() => expect(text()).to.match(/^:\n\n/));
        await send('end', { CamelSseId: last === 'c' ? 'c2' : 'end' });
        await eventually(() => expect(text()).to.include('data: end'));
        end();
        return [...text().matchAll(/data: (\w+)/g)].map(([, name]) => name).join('');
      };
      expect(await got('c')).to.equal('dend');
      expect(await got('')).to.equal('end');
      expect(await got('unknown')).to.match(/^dendend(end)?$/);
      await close();
    });

    it('cuts a subscriber that does not read, and answers 503 when there are too many', async () => {
      const { around, close, send, url } = await serving('?maxBufferedBytes=1000&maxSubscribers=1&keepAlive=0&allowedOrigin=*');
      const refused: unknown[] = [];
      around.context.events.on('requestRefused', ({ status, reason }) => refused.push([status, reason]));
      const slow = await subscribe(url);
      expect(slow.reply.headers['access-control-allow-origin']).to.equal('*');
      expect((await subscribe(url)).reply.statusCode).to.equal(503);
      expect(refused).to.deep.equal([[503, 'busy']]);
      slow.reply.pause();
      const large = 'x'.repeat(1_000_000);
      await eventually(async () => expect(await send(large)).to.equal(0));
      slow.end();
      await close();
    });

    it('sends comments that keep the line open', async () => {
      const { close, url } = await serving('?keepAlive=5');
      const { end, text } = await subscribe(url);
      await eventually(() => expect(text()).to.match(/^(:\n\n){3}/));
      end();
      await close();
    });

    it('serves one stream for several endpoints of a path, until the last of them is closed', async () => {
      const { around, close, url } = await serving();
      const other = await around.producer(definition, 'sse:127.0.0.1:0/events');
      await close();
      const { end, text } = await subscribe(url);
      await around.send(other, around.exchange('still'));
      await eventually(() => expect(text()).to.include('data: still'));
      end();
      await other.close!();
    });

    it('names what is wrong with an address', async () => {
      const around = new Surroundings();
      for (const [uri, complaint] of [['sse:http://x/y', 'use `http:`'], ['sse:/x?nope=1', 'unknown option `nope`'], ['sse:host:99x/y', 'names no path']] as const) {
        let message = '';
        try {
          await around.producer(definition, uri);
        } catch (thrown) {
          message = (thrown as Error).message;
        }
        expect(message).to.include(complaint);
      }
    });
  });

  describe('consuming', () => {
    const serve = async (answer: (request: IncomingMessage, reply: ServerResponse, count: number) => void): Promise<{ url: string; requests: IncomingMessage[]; close: () => Promise<void> }> => {
      const requests: IncomingMessage[] = [];
      const server = createServer((request, reply) => {
        requests.push(request);
        answer(request, reply, requests.length);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/s`,
        requests,
        close: () =>
          new Promise((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      };
    };
    const stream = (reply: ServerResponse, text: string): void => {
      reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
      reply.write(text);
    };
    const consuming = async (uri: string, around = new Surroundings()): Promise<{ around: Surroundings; route: TestRoute; end: () => Promise<void> }> => {
      const consumer = await around.consumer(definition, uri);
      const route = new TestRoute(around.scope);
      await consumer.start(route);
      return {
        around,
        route,
        end: async () => {
          await consumer.stop();
          await consumer.close!();
        },
      };
    };

    it('takes the events that it wants, with their id and name, and asks with its headers and the query', async () => {
      const { close, requests, url } = await serve((_request, reply) => stream(reply, 'event: a\nid: 1\ndata: x\ndata: y\n\n: comment\ndata: unnamed\n\nevent: b\ndata: no\n\n'));
      const { end, route } = await consuming(`sse:${url}?q=1&events=a,message&header.Authorization=Bearer t&lastEventId=seven`);
      await eventually(() => expect(route.received).to.have.length(2));
      expect(route.received.map(({ body, headers }) => [body, headers.get('CamelSseEvent'), headers.get('CamelSseId')])).to.deep.equal([['x\ny', 'a', '1'], ['unnamed', 'message', '1']]);
      expect([requests[0]!.url, requests[0]!.headers.authorization, requests[0]!.headers['last-event-id']]).to.deep.equal(['/s?q=1', 'Bearer t', 'seven']);
      await end();
      await close();
    });

    it('connects again as soon as the server says, and with the last id', async () => {
      const { close, requests, url } = await serve((_request, reply, count) => {
        stream(reply, `retry: 1\nid: ${count}\ndata: ${count}\n\n`);
        reply.end();
      });
      const { end, route } = await consuming(`sse:${url}?reconnectDelay=60000&maxReconnectDelay=60000`);
      await eventually(() => expect(route.received.length).to.be.at.least(3));
      expect(requests.slice(0, 3).map(({ headers }) => headers['last-event-id'])).to.deep.equal([undefined, '1', '2']);
      await end();
      await close();
    });

    it('asks after a restart again for what a stop interrupted', async () => {
      const { close, requests, url } = await serve((_request, reply) => stream(reply, 'id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n'));
      const around = new Surroundings();
      const run = async (): Promise<void> => {
        const route = new TestRoute(around.scope, ({ body }) => {
          if (body === 'b') throw shutdownError();
        });
        const consumer = await around.consumer(definition, `sse:${url}`);
        await consumer.start(route);
        await eventually(() => expect(route.settled).to.equal(3));
        await consumer.stop();
        await consumer.close!();
      };
      await run();
      await run();
      expect(requests.map(({ headers }) => headers['last-event-id'])).to.deep.equal([undefined, '1']);
      await close();
    });

    it('does not ask again after 204', async () => {
      const { close, requests, url } = await serve((_request, reply, count) => {
        if (count > 1) reply.writeHead(204).end();
        else {
          stream(reply, 'data: x\n\n');
          reply.end();
        }
      });
      const { around, end } = await consuming(`sse:${url}?reconnectDelay=1`);
      await eventually(() => expect(around.logs.join()).to.include('204'));
      expect(requests).to.have.length(2);
      await end();
      await close();
    });

    it('says what is wrong with an answer, and takes no event beyond its bounds', async () => {
      const answers: readonly (readonly [(reply: ServerResponse) => void, RegExp])[] = [
        [(reply) => reply.writeHead(500).end(), /answers 500/],
        [(reply) => reply.writeHead(200, { 'Content-Type': 'text/html' }).end('x'), /text\/html, no event stream/],
        [(reply) => stream(reply, `data: ${'x'.repeat(100_000)}`), /larger than 1000 bytes/],
      ];
      for (const [answer, complaint] of answers) {
        const { close, url } = await serve((_request, reply) => answer(reply));
        const { around, end, route } = await consuming(`sse:${url}?maxEventBytes=1000`);
        await eventually(() => expect(around.waits.join()).to.match(complaint));
        expect(route.received).to.have.length(0);
        await end();
        await close();
      }
    });
  });
});
