import { expect } from 'chai';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Mecha } from '../../src/index.ts';
import { credentials, describeWithServer, Gate, serverUrl, Storage } from '../connectors/aws2-s3/rig.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describeWithServer('routes/s3-csv-to-json.yaml', () => {
  let storage: Storage;
  let bucket: string;
  let mecha: Mecha | null = null;

  beforeEach(async () => {
    storage = new Storage();
    bucket = await storage.bucket();
  });

  afterEach(async () => {
    if (mecha !== null) expect(await mecha.stop()).to.equal(true);
    mecha = null;
    await storage.close();
  });

  const start = async (s3 = serverUrl, retryDelay = '20'): Promise<void> => {
    mecha = await Mecha.start({
      folder: root,
      routes: [join(root, 'routes/s3-csv-to-json.yaml')],
      properties: { s3, bucket, ...credentials, delay: '20', retryDelay },
      settings: { 'http.port': 0, 'state.store': 'memory', watch: false },
    });
  };

  async function keysWhen(holds: (keys: string[]) => boolean): Promise<string[]> {
    const end = performance.now() + 8000;
    for (;;) {
      const keys = await storage.keys(bucket);
      if (holds(keys)) return keys;
      if (performance.now() > end) throw new Error(`there are only ${keys.join()}`);
    }
  }

  const drop = (key: string, text: string): Promise<unknown> => storage.put(bucket, key, text);

  it('makes JSON lines of what is right, and keeps each wrong line with the reason', async () => {
    await start();
    await drop('incoming/week 1.csv', 'id,item,quantity,price\nA1,tea,2,4.20\nB2,mug,many,9\nC3,pot,1,30\n');
    const keys = await keysWhen((found) => found.includes('done/week 1.csv') && !found.includes('incoming/week 1.csv'));
    expect(keys).to.deep.equal(['dead-letter/week 1/1.json', 'done/week 1.csv', 'valid/week 1.jsonl']);
    const lines = (await storage.text(bucket, 'valid/week 1.jsonl')).trim().split('\n').map((line) => JSON.parse(line) as unknown);
    expect(lines).to.deep.equal([
      { id: 'A1', item: 'tea', quantity: 2, price: 4.2, amount: 8.4 },
      { id: 'C3', item: 'pot', quantity: 1, price: 30, amount: 30 },
    ]);
    expect(JSON.parse(await storage.text(bucket, 'dead-letter/week 1/1.json'))).to.deep.include({ drop: 'week 1', line: 3, content: { id: 'B2', item: 'mug', quantity: 'many', price: '9' } });
    expect((await storage.head(bucket, 'valid/week 1.jsonl')).ContentType).to.equal('application/x-ndjson');
  });

  it('moves a file that is no CSV to the dead letters as a whole, without trying again, and goes on', async () => {
    await start(serverUrl, '600000');
    await drop('incoming/bad.csv', 'id,item,quantity,price\n"never closed');
    await drop('incoming/good.csv', 'id,item,quantity,price\nA1,tea,2,4.20\n');
    const keys = await keysWhen((found) => found.includes('done/good.csv') && found.includes('dead-letter/bad.csv') && !found.some((key) => key.startsWith('incoming/')));
    expect(keys).to.include('valid/good.jsonl');
  });

  it('loses nothing when the connection is cut on the way', async () => {
    const gate = await Gate.open();
    await start(gate.url);
    const files = Array.from({ length: 20 }, (_, i) => `f${i}`);
    for (const [i, file] of files.entries()) {
      await drop(`incoming/${file}.csv`, `id,item,quantity,price\nA${i},tea,2,4.20\n`);
      if (i % 6 === 3) {
        gate.cut();
        gate.mend();
      }
    }
    const keys = await keysWhen((found) => files.every((file) => found.includes(`done/${file}.csv`)));
    expect(keys.filter((key) => key.startsWith('valid/'))).to.have.members(files.map((file) => `valid/${file}.jsonl`));
    expect(await mecha!.stop()).to.equal(true);
    mecha = null;
    await gate.close();
  }).timeout(20_000);
});
