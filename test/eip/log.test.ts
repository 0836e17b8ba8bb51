import { expect } from 'chai';
import { log } from '../../src/eip/log.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const options = { message: 'got ${body}', loggingLevel: 'INFO', logName: undefined, marker: undefined, logger: undefined, logLanguage: 'simple' } as const;

describe('log', () => {
  const lines = (given: Partial<Parameters<typeof log.operator>[0]> = {}, prepare = (_: ReturnType<typeof stepContext>): void => {}) => {
    const context = stepContext();
    const logged: { level: string; logger: string; message: string }[] = [];
    context.events.on('log', ({ level, logger, message, marker }) => logged.push({ level, logger, message, ...(marker === undefined ? {} : { marker }) }));
    prepare(context);
    run(log.operator({ ...options, ...given }, context), [exchangeOf('a', { where: 'here' }, context.scope)]);
    return logged;
  };

  it('logs under the id of its route', () => expect(lines()).to.deep.equal([{ level: 'info', logger: 'route1', message: 'got a' }]));
  it('logs under a name of its own, with a marker', () =>
    expect(lines({ logName: 'my.${routeId}.${header.where}', loggingLevel: 'WARN', marker: 'M' })).to.deep.equal([{ level: 'warn', logger: 'my.route1.${header.where}', message: 'got a', marker: 'M' }]));
  it('is silent when it is off', () => expect(lines({ loggingLevel: 'OFF' })).to.deep.equal([]));

  it('does not put a line together that nobody wants', () => {
    const quiet = { message: '${nothing.like.it}', loggingLevel: 'DEBUG' } as const;
    expect(lines(quiet, ({ events }) => (events.logThreshold = 'info'))).to.deep.equal([]);
  });
});
