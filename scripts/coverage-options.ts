/** `npm run coverage:options`: which options of Camel's patterns a case holds, which have a reason why none does, and which have neither. */
import { optionCoverage } from '../test/compat/options.ts';

const { held, reasoned, broken, open } = optionCoverage();
for (const [option, reason] of reasoned) console.log(`${option.padEnd(56)} no case: ${reason}`);
for (const [option, found] of held) console.log(`${option.padEnd(56)} ${found.case} at ${found.at}`);
for (const [option, why] of broken) console.log(`${option.padEnd(56)} STALE: ${why}`);
for (const option of open) console.log(`${option.padEnd(56)} NEITHER`);
console.log(`\n${held.length + reasoned.length + broken.length + open.length} options: ${held.length} with a case in which another value changes Camel's answer, ${reasoned.length} with a reason, ${broken.length} stale, ${open.length} with neither`);
process.exit(broken.length + open.length === 0 ? 0 : 1);
