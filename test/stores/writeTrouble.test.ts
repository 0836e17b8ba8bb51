import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import { WriteTrouble } from '../../src/stores/writeTrouble.ts';

describe('trouble with writing', () => {
  let clock: VirtualClock;
  let trouble: WriteTrouble;
  let tried: number[];
  let isTight: boolean;
  /** What a try fails with; null: it works. */
  let failure: string | null;
  let during: () => void;

  beforeEach(() => {
    clock = new VirtualClock();
    [tried, isTight, failure, during] = [[], false, null, () => undefined];
    trouble = new WriteTrouble(clock, {
      write: (bytes) => {
        tried.push(bytes);
        during();
        if (failure === null) return Promise.resolve();
        // As the store does, which hears of each write that failed.
        trouble.failed(failure, bytes);
        return Promise.reject(new Error(failure));
      },
      isTight: () => Promise.resolve(isTight),
    });
  });

  afterEach(() => trouble.end());

  it('writes nothing while there is room and nothing has failed', async () => {
    await clock.advance(600_000);
    expect([tried, trouble.reason]).to.deep.equal([[], null]);
  });

  it('is found within five seconds where there is hardly any room, before a message meets it', async () => {
    isTight = true;
    failure = 'the disk is full';
    await clock.advance(4999);
    expect(tried).to.deep.equal([]);
    await clock.advance(1);
    expect([tried, trouble.reason]).to.deep.equal([[4096], 'the disk is full']);
  });

  it('is none where there is hardly any room, and a small write works', async () => {
    isTight = true;
    await clock.advance(10_000);
    expect([tried, trouble.reason]).to.deep.equal([[4096, 4096], null]);
  });

  it('lasts until a write of as many bytes works, which is tried each second', async () => {
    trouble.failed('the disk is full', 100_000);
    failure = 'the disk is full';
    await clock.advance(3000);
    expect([tried, trouble.reason]).to.deep.equal([[100_000, 100_000, 100_000], 'the disk is full']);
    failure = null;
    await clock.advance(1000);
    expect([tried.at(-1), trouble.reason]).to.deep.equal([100_000, null]);
    await clock.advance(60_000);
    expect(tried).to.have.length(4);
  });

  it('is tried with the most that has failed meanwhile, but with no more than 256 KB, lest one large message keep all others out', async () => {
    failure = 'full';
    trouble.failed('full', 10);
    await clock.advance(1000);
    trouble.failed('full', 50_000);
    await clock.advance(1000);
    trouble.failed('full', 20_000);
    await clock.advance(1000);
    trouble.failed('full', 10_000_000);
    await clock.advance(1000);
    expect(tried).to.deep.equal([4096, 50_000, 50_000, 262_144]);
  });

  it('begins anew with what fails after it was over', async () => {
    trouble.failed('full', 100_000);
    await clock.advance(1000);
    trouble.failed('full', 8000);
    await clock.advance(1000);
    expect(tried).to.deep.equal([100_000, 8000]);
  });

  it('is tried every fifteen seconds only while there is hardly any room: what was deleted may have made some', async () => {
    trouble.failed('full', 5000);
    isTight = true;
    failure = 'full';
    await clock.advance(14_000);
    expect(tried).to.deep.equal([]);
    await clock.advance(1000);
    expect(tried).to.deep.equal([5000]);
    failure = null;
    await clock.advance(15_000);
    expect([tried, trouble.reason]).to.deep.equal([[5000, 5000], null]);
  });

  it('stays when a message fails while a smaller write is tried', async () => {
    trouble.failed('full', 5000);
    during = () => trouble.failed('still full', 100_000);
    await clock.advance(1000);
    expect(trouble.reason).to.equal('still full');
    during = () => undefined;
    await clock.advance(1000);
    expect([tried, trouble.reason]).to.deep.equal([[5000, 100_000], null]);
  });

  it('is looked at no more once the store is closed', async () => {
    trouble.failed('full', 5000);
    failure = 'full';
    await clock.advance(1000);
    during = () => trouble.end();
    await clock.advance(60_000);
    expect([tried, clock.waiting]).to.deep.equal([[5000, 5000], 0]);
  });

  it('is looked at no more once the store is closed between two tries', async () => {
    trouble.failed('full', 5000);
    trouble.end();
    await clock.advance(60_000);
    expect([tried, clock.waiting]).to.deep.equal([[], 0]);
  });
});
