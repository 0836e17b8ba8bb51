import type { ConnectorContext, Endpoint } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import type { Schedule } from '../core/schedule/cron.ts';
import { quartzSchedule } from '../core/schedule/cron.ts';
import { field } from '../core/field.ts';
import { Headers } from '../core/exchange/headers.ts';
import { TickingConsumer, tickingNotPromised } from '../core/schedule/ticks.ts';

type QuartzEndpoint = Endpoint<typeof options>;

const workers = 10;

/** Every so many milliseconds, a number of times or for ever. */
class SimpleTrigger implements Schedule {
  private readonly start: number;
  private readonly interval: number;
  private readonly last: number;

  /** @param repeats how often after the first time; negative = for ever */
  constructor(start: number, interval: number, repeats: number) {
    this.start = start;
    this.interval = interval;
    this.last = repeats < 0 ? Infinity : repeats;
  }

  next(millis: number): number | null {
    const turn = millis < this.start ? 0 : Math.floor((millis - this.start) / this.interval) + 1;
    return turn > this.last ? null : this.start + turn * this.interval;
  }
}

const wholeNumber = (name: string, text: string): number => {
  if (!/^-?\d+$/.test(text)) throw new Error(`trigger.${name}: \`${text}\` is no whole number`);
  return Number(text);
};

const never: Schedule = { next: () => null };

async function scheduleOf({ cron, triggerParameters = {}, triggerStartDelay, ignoreExpiredNextFireTime, deleteJob, pauseJob, autoStartScheduler }: QuartzEndpoint['options'], context: ConnectorContext): Promise<Schedule> {
  const now = context.clock.now();
  if (deleteJob && pauseJob) throw new Error('`deleteJob` and `pauseJob` can not both be on, and deleteJob is unless it says `false`: a trigger lives as long as its route, leave both out');
  if (!autoStartScheduler) return never;
  if (cron !== undefined) {
    try {
      return await quartzSchedule(cron.replaceAll('+', ' '), triggerParameters['timeZone'], now);
    } catch (thrown) {
      if (!ignoreExpiredNextFireTime || !String(thrown).includes('never fire')) throw thrown;
      context.log('warn', `${String(thrown)}: the route stays idle`);
      return never;
    }
  }
  const interval = wholeNumber('repeatInterval', triggerParameters['repeatInterval'] ?? '1000');
  if (interval < 1) throw new Error('trigger.repeatInterval must be at least 1');
  return new SimpleTrigger(now + Math.max(1, triggerStartDelay), interval, wholeNumber('repeatCount', triggerParameters['repeatCount'] ?? '-1'));
}

const options = {
  groupName: field.string('Group of the trigger.').default('Camel').inPath(),
  triggerName: field.string('Name of the trigger.').required().inPath(),
  cron: field.string("Cron expression in Quartz's syntax: seconds, minutes, hours, day of month, month, day of week, year."),
  deleteJob: field.boolean('Deletes the job when the route stops.').default(true).ignored('a trigger lives as long as its route'),
  durableJob: field.boolean('Keeps the job when nothing triggers it.').default(false).ignored('a trigger lives as long as its route'),
  pauseJob: field.boolean('Pauses the job when the route stops.').default(false).ignored('a trigger lives as long as its route'),
  recoverableJob: field.boolean('Runs the job again after a crash.').default(false).ignored('jobs are not stored; failed messages are in the dead letters'),
  stateful: field.boolean('Never has two messages under way at once.').default(false),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('nothing can fail before the route has the exchange'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('nothing can fail before the route has the exchange'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']),
  customCalendar: field.string('Bean with days to leave out.').ignored("Quartz's calendars are Java objects"),
  ignoreExpiredNextFireTime: field.boolean('A trigger that will never fire is no error.').default(false),
  jobParameters: field.map('Options of the job.', field.string('Value.')).prefixed('job.').ignored('there is no job beside the trigger'),
  prefixJobNameWithEndpointId: field.boolean("Puts the endpoint's id before the job's name.").default(false).ignored('there is no job beside the trigger'),
  triggerParameters: field.map('Options of the trigger: timeZone of a cron expression, or repeatInterval and repeatCount without one.', field.string('Value.')).prefixed('trigger.'),
  usingFixedCamelContextName: field.boolean('Uses the fixed name of the context.').default(false).ignored('there is one runtime a process'),
  autoStartScheduler: field.boolean('Lets the trigger fire; off, it never does.').default(true),
  triggerStartDelay: field.millis('Wait before a trigger without cron fires first.').default(500),
};

export const quartz = defineConnector({
  scheme: 'quartz',
  syntax: 'quartz:groupName/triggerName',
  summary: "Makes a message at the times of a cron expression in Quartz's syntax, or every so many milliseconds.",
  insteadOfSending: 'put the steps into a route from `direct:`, which this one and others send to',
  options,
  headers: {
    fireTime: 'When the trigger fired.',
    scheduledFireTime: 'When it was due.',
    nextFireTime: 'When it is due next.',
    previousFireTime: 'When it was due before.',
    triggerName: 'Name of the trigger.',
    triggerGroup: 'Group of the trigger.',
    refireCount: 'Always 0.',
    jobRunTime: 'Always -1.',
    CamelMessageTimestamp: 'When the trigger fired, as milliseconds since 1970.',
  },
  notPromised: tickingNotPromised,
  consumer: async ({ options: endpointOptions }, context) => {
    const { stateful, exchangePattern, groupName, triggerName } = endpointOptions;
    const schedule = await scheduleOf(endpointOptions, context);
    let previous: Date | null = null;
    const tick = (_count: number, due: number): { headers: Headers } => {
      const now = context.clock.now();
      const next = schedule.next(due);
      const headers = Headers.from({
        fireTime: new Date(now),
        scheduledFireTime: new Date(due),
        nextFireTime: next === null ? null : new Date(next),
        previousFireTime: previous,
        triggerName,
        triggerGroup: groupName,
        refireCount: 0,
        jobRunTime: -1,
        CamelMessageTimestamp: now,
      });
      previous = new Date(due);
      return { headers };
    };
    return new TickingConsumer({ schedule, atOnce: stateful ? 1 : workers, catchesUp: endpointOptions.cron === undefined, isInOut: exchangePattern === 'InOut', tick }, context);
  },
});
