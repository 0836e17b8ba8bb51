import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';

/** What a server answers, with the text behind its status. */
export const ask = (url: string, method: string, body?: string): Promise<{ status: number; text: string; headers: IncomingHttpHeaders; body: string }> =>
  new Promise((resolve, reject) => {
    const asking = request(url, { method, agent: false }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      reply.on('end', () => resolve({ status: reply.statusCode!, text: reply.statusMessage!, headers: reply.headers, body: text }));
    });
    asking.on('error', reject);
    asking.end(body);
  });
