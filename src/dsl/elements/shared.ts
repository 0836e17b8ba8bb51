import { field } from '../../core/field.ts';

export const noJavaThreads = 'steps run on one event loop, not on thread pools';
export const noJavaLogger = 'logs are structured; their level and place are set in the configuration';

/** What every element of the route language takes. */
export const naming = {
  id: field.string('Names it for logs, metrics and the administration.'),
  description: field.remark('What it is for, in the words of its author.'),
  note: field.remark('A remark for readers of the file.'),
};

export const disabled = field.boolean('Leaves it out.').default(false);

export const logLevel = (description: string) => field.enum(description, ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF']);

export const onWhen = () =>
  field.element('A condition: the element counts only for exchanges that match.', {
    expression: field.predicate('Decides whether the exchange matches.').required(),
    ...naming,
  });

/** A list of names with values. */
export const settings = (description: string) =>
  field.list(
    description,
    field.element('One setting.', {
      key: field.string('Its name.').required(),
      value: field.string('Its value.').required(),
    }),
  );
