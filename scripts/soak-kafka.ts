/**
 * `npx tsx scripts/soak-kafka.ts [KILLS] [MESSAGES]`: kills Mecha while records of Kafka are under way, first on a route that delivers at least
 * once, then on one that does exactly once; prints what was lost and what came twice. Needs KAFKA_BROKERS.
 */
import { killRelay } from '../test/connectors/kafka/killing.ts';

const [kills = '30', messages = '100000'] = process.argv.slice(2);
let isGood = true;
for (const isExactlyOnce of [false, true]) {
  const killed = await killRelay({ kills: Number(kills), messages: Number(messages), partitions: 4, isExactlyOnce, inFlight: 500 });
  const { unsettled, lost, duplicates, bound } = killed;
  console.log(`${isExactlyOnce ? 'exactly once' : 'at least once'}: ${messages} records, ${kills} kills with ${Math.min(...unsettled)} to ${Math.max(...unsettled)} unsettled: ${lost} lost, ${duplicates} twice (at most ${bound})`);
  isGood &&= lost === 0 && duplicates <= bound;
}
process.exit(isGood ? 0 : 1);
