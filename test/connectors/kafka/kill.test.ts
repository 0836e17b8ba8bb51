import { expect } from 'chai';
import { describeWithKafka } from './broker.ts';
import { killRelay } from './killing.ts';

const kills = 3;

describeWithKafka('kafka, killed', function () {
  this.timeout(180_000);

  const ways = [
    { isExactlyOnce: false, isInBatches: false, repeats: 'no more than were' },
    { isExactlyOnce: true, isInBatches: false, repeats: 'nothing, exactly once' },
    { isExactlyOnce: true, isInBatches: true, repeats: 'nothing, exactly once in batches' },
    { isExactlyOnce: true, isInBatches: false, isInSteps: true, messages: 400, repeats: 'nothing, exactly once in transactions of a step' },
  ];
  for (const { isExactlyOnce, isInBatches, isInSteps = false, messages = 3000, repeats } of ways) {
    it(`loses nothing when the process is killed ${kills} times with records under way, and repeats ${repeats}`, async () => {
      const killed = await killRelay({ kills, messages, partitions: isExactlyOnce ? 2 : 1, isExactlyOnce, isInBatches, isInSteps, inFlight: 100 });
      console.log(`        ${messages} records, unsettled at the kills: ${killed.unsettled.join(', ')}; lost ${killed.lost}, duplicates ${killed.duplicates} (at most ${killed.bound})`);
      expect(killed.unsettled).to.have.length(kills);
      expect(killed.lost, 'lost').to.equal(0);
      expect(killed.duplicates, 'duplicates').to.be.at.most(killed.bound);
      expect(killed.isInOrder, 'in order').to.equal(true);
      expect(killed.exitCode, 'exit code').to.equal(0);
    });
  }
});
