import { expect } from 'chai';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Mecha } from '../../src/index.ts';
import { eventually } from '../contract/operator.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The example's service on a free port; gives its address. */
async function startPricing(): Promise<{ url: string; process: ChildProcess }> {
  const process = spawn(globalThis.process.execPath, [join(root, 'examples/pricing/server.mjs')], { env: { ...globalThis.process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve, reject) => {
    let seen = '';
    process.stdout!.on('data', (piece) => {
      seen += String(piece);
      const match = /http:\/\/\S+/.exec(seen);
      if (match !== null) resolve(match[0]);
    });
    process.once('exit', (code) => reject(new Error(`the pricing service ended with ${code}`)));
  });
  return { url, process };
}

describe('routes/orders.yaml', () => {
  let pricing: { url: string; process: ChildProcess };
  let mecha: Mecha;
  let folder: string;

  const files = (name: string): string[] => (existsSync(join(folder, name)) ? readdirSync(join(folder, name)).filter((file) => !file.startsWith('.')) : []);
  const read = (name: string, file: string): string => readFileSync(join(folder, name, file), 'utf8');
  const order = (body: unknown): Promise<Response> => fetch(`http://127.0.0.1:${mecha.port}/orders`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const setMood = async (fails: boolean): Promise<void> => void (await (await fetch(`${pricing.url}/mood`, { method: 'PUT', body: JSON.stringify({ fails }) })).text());

  before(async () => {
    pricing = await startPricing();
    folder = mkdtempSync(join(tmpdir(), 'orders-'));
    for (const name of ['inbox', 'outbox', 'dead']) mkdirSync(join(folder, name));
    mecha = await Mecha.start({
      folder: root,
      routes: [join(root, 'routes/orders.yaml')],
      properties: { inbox: join(folder, 'inbox'), outbox: join(folder, 'outbox'), deadLetters: join(folder, 'dead') },
      settings: { 'http.port': 0, 'micrologic.url': pricing.url, 'state.store': 'memory', watch: false },
    });
  });

  after(async () => {
    expect(await mecha.stop()).to.equal(true);
    pricing.process.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(() => setMood(false));

  it('answers an order with the price of each line, the total and the desk', async () => {
    const reply = await order({ id: 'o-1', customer: 'Ann', region: 'EU', lines: [{ item: 'tea', quantity: 3 }, { item: 'mug', quantity: 1 }] });
    expect(reply.status).to.equal(200);
    expect(reply.headers.get('content-type')).to.equal('application/json');
    expect(await reply.json()).to.deep.equal({
      id: 'o-1',
      customer: 'Ann',
      region: 'EU',
      lines: [
        { item: 'tea', quantity: 3, unitPrice: 5.04, amount: 15.12 },
        { item: 'mug', quantity: 1, unitPrice: 11.88, amount: 11.88 },
      ],
      total: 27,
      desk: 'europe',
    });
  });

  it('sends large orders to manual review and those from elsewhere overseas', async () => {
    const desk = async (region: string, quantity: number): Promise<unknown> => ((await (await order({ id: 'o', customer: 'Bob', region, lines: [{ item: 'kettle', quantity }] })).json()) as { desk: unknown }).desk;
    expect(await desk('US', 1)).to.equal('overseas');
    expect(await desk('EU', 100)).to.equal('manual-review');
  });

  it('refuses what is no order, with the reason, and keeps nothing', async () => {
    for (const body of ['{"id": ', '5', '"o"', '[]', 'null', { customer: 'Ann' }, { id: 'o', lines: [] }, { id: 'o', region: 'EU', lines: [{ item: 'moon', quantity: 1 }] }]) {
      const reply = await order(body);
      expect(reply.status, JSON.stringify(body)).to.equal(400);
      expect(await reply.text()).to.match(/^not an order: ./);
    }
    expect(files('dead')).to.deep.equal([]);
  });

  it('says so when what is sent is said to be something else than JSON', async () => {
    const { status, statusText } = await fetch(`http://127.0.0.1:${mecha.port}/orders`, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: '{"id":"o"}' });
    expect({ status, statusText }).to.deep.equal({ status: 415, statusText: 'Unsupported Media Type' });
  });

  it('writes the answer to a CSV file into the outbox, and keeps the file as done', async () => {
    writeFileSync(join(folder, 'inbox', 'o-2.csv'), 'order,customer,region,item,quantity\no-2,Bob,US,coffee,2\no-2,Bob,US,kettle,1\n');
    await eventually(() => expect(files('outbox')).to.deep.equal(['o-2.json']), 8000);
    const answer = JSON.parse(read('outbox', 'o-2.json')) as { id: string; lines: unknown[]; total: number; desk: string };
    expect(answer).to.include({ id: 'o-2', total: 56.16, desk: 'overseas' });
    expect(answer.lines).to.have.length(2);
    await eventually(() => expect(files('inbox/.done')).to.deep.equal(['o-2.csv']), 8000);
    await eventually(() => expect(files('inbox')).to.deep.equal([]), 8000);
  });

  it('keeps orders as dead letters with the reason when prices can not be had', async () => {
    await setMood(true);
    const body = JSON.stringify({ id: 'o-3', customer: 'Cy', region: 'EU', lines: [{ item: 'tea', quantity: 1 }] });
    const reply = await order(body);
    expect(reply.status).to.equal(503);
    expect(await reply.text()).to.match(/^kept for later: ./);
    expect(files('dead')).to.have.length(1);
    expect(read('dead', files('dead')[0]!)).to.match(/^reason: .*500/).and.contain(body);
    const csv = 'order,customer,region,item,quantity\no-4,Di,EU,mug,1\n';
    writeFileSync(join(folder, 'inbox', 'o-4.csv'), csv);
    await eventually(() => expect(files('dead')).to.have.length(2), 8000);
    expect(files('dead').some((file) => read('dead', file).endsWith(csv.trimEnd()) || read('dead', file).endsWith(csv))).to.equal(true);
  }).timeout(15_000);

  it('reports what was sold, by desk', async () => {
    const totals = mecha.runtime.bean('totals') as { report(): string };
    expect(totals.report()).to.contain('europe: 1 orders, 27.00');
  });

  it('keeps files that are no orders as dead letters with the reason, and goes on with the next', async () => {
    const before = files('dead').length;
    for (const [name, text] of [['a-empty.csv', ''], ['b-broken.csv', 'order,customer\n"never closed\n'], ['c-bytes.csv', Buffer.from([0xff, 0xfe, 0, 0x80])], ['d-good.csv', 'order,customer,region,item,quantity\no-7,Eve,EU,mug,1\n']] as const) {
      writeFileSync(join(folder, 'inbox', name), text);
    }
    await eventually(() => expect(files('outbox')).to.include('d-good.json'), 10_000);
    await eventually(() => expect(files('dead')).to.have.length(before + 3), 10_000);
    await eventually(() => expect(files('inbox')).to.deep.equal([]), 8000);
    for (const file of files('dead')) expect(read('dead', file)).to.match(/^reason: ./);
  }).timeout(30_000);
});
