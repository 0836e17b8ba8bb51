import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';

/** Where an admin API is: a socket, or an address with its token. */
export type AdminAddress = string | { readonly url: string; readonly token: string | null };

/** What was asked of a running Mecha can't be had. */
export abstract class AdminError extends Error {}

/** None answers. */
export class AdminUnreachable extends AdminError {}

/** One answers, and can't do what it is asked. */
export class AdminFailed extends AdminError {}

/** What was named is no address. */
export class NoAddress extends AdminError {}

/** One answers, and wants a token. */
export class AdminRefused extends AdminError {}

export const shownAddress = (address: AdminAddress): string => (typeof address === 'string' ? address : address.url);

const noMecha = (address: AdminAddress): AdminUnreachable => new AdminUnreachable(`what answers at ${shownAddress(address)} is no Mecha`);

/** How long an answer may take to begin. */
const patienceMillis = 15_000;

const unreachable = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);

/** Asks and gives the answer as it begins. @throws AdminError when no Mecha answers there, or it wants a token */
export function openAdminAnswer(address: AdminAddress, method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isText = typeof body === 'string';
    const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': isText ? 'application/yaml' : 'application/json' };
    if (typeof address !== 'string' && address.token !== null) headers['Authorization'] = `Bearer ${address.token}`;
    const options = { method, agent: false as const, headers, ...(signal === undefined ? {} : { signal }) };
    let sent;
    const answered = (response: IncomingMessage): void => {
      if (response.statusCode !== 401) return resolve(response);
      response.resume();
      reject(new AdminRefused(`the admin API at ${shownAddress(address)} wants ${typeof address !== 'string' && address.token !== null ? 'another' : 'a'} token`));
    };
    try {
      if (typeof address === 'string') sent = request({ ...options, socketPath: address, path }, answered);
      else {
        const url = new URL(path.replace(/^\//, ''), address.url.endsWith('/') ? address.url : `${address.url}/`);
        sent = (url.protocol === 'https:' ? secureRequest : request)(url, options, answered);
      }
    } catch (thrown) {
      reject(new NoAddress(`\`${shownAddress(address)}\` is no address of an admin API: ${(thrown as Error).message.replace(/\. Expected .*/, '')}`));
      return;
    }
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (unreachable.has(error.code ?? '')) reject(new AdminUnreachable(`no running Mecha answers at ${shownAddress(address)}`));
      // It hung up, or what it says is no HTTP.
      else if (error.code === 'ECONNRESET' || error.code?.startsWith('HPE_') === true || error.code === 'EPROTO') reject(noMecha(address));
      else reject(error);
    });
    // What only looks is answered at once; a message may take its time.
    if (method === 'GET') sent.setTimeout(patienceMillis, () => void sent.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
    sent.once('response', () => sent.setTimeout(0));
    sent.end(body === undefined ? undefined : isText ? body : JSON.stringify(body));
  });
}

/** The answer's whole body as JSON. @throws AdminError when no Mecha has written it */
export async function adminBody(response: IncomingMessage, address: AdminAddress): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw noMecha(address);
  }
}

/** Asks the admin API over its socket or address. @throws AdminError when no Mecha answers there, or it wants a token */
export async function askAdmin(address: AdminAddress, method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await openAdminAnswer(address, method, path, body);
  return { status: response.statusCode ?? 0, body: await adminBody(response, address) };
}
