import { ExchangeError } from '../core/errors.ts';
import type { Pipe } from '../core/graph/flow.ts';
import { perform } from '../core/graph/flow.ts';
import type { ElementModel } from '../dsl/model.ts';
import { booleanField, isElement, textField } from './plan.ts';

/**
 * Where a route's `inputType` or `outputType` asks for validation. Camel has no validator for any type in routes from YAML (those that are declared there
 * are never asked), so that each message fails; not within the route's error handler's reach.
 */
export function contractOf(route: ElementModel, side: 'inputType' | 'outputType'): Pipe[] {
  const given = route.fields[side];
  if (!isElement(given) || !booleanField(given, 'validate', false)) return [];
  const type = textField(given, 'urn') ?? '';
  return [
    perform((exchange) => {
      throw new ExchangeError('org.apache.camel.ValidationException', `No Validator found for '${type}'. Exchange[${exchange.id}]`);
    }),
  ];
}
