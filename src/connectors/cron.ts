import { defineConnector } from '../core/connector.ts';
import { looseSchedule } from '../core/schedule/cron.ts';
import { field } from '../core/field.ts';
import { TickingConsumer, tickingNotPromised } from '../core/schedule/ticks.ts';

const atOnce = 10;

const options = {
  name: field.string('Name of the trigger.').required().inPath(),
  schedule: field.string('Cron expression of 5 to 7 fields: with seconds when there are more than 5, `?` and L, W, # as in Quartz.').required(),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('nothing can fail before the route has the exchange'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('nothing can fail before the route has the exchange'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']),
};

export const cron = defineConnector({
  scheme: 'cron',
  syntax: 'cron:name',
  summary: 'Makes a message at the times of a cron expression.',
  insteadOfSending: 'put the steps into a route from `direct:`, which this one and others send to',
  options,
  notPromised: tickingNotPromised,
  consumer: async ({ options: { schedule, exchangePattern } }, context) => {
    const times = await looseSchedule(schedule.replaceAll('+', ' '), undefined, context.clock.now());
    return new TickingConsumer({ schedule: times, atOnce, isInOut: exchangePattern === 'InOut', tick: () => ({}) }, context);
  },
});
