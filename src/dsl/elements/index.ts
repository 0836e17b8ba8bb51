import type { ElementDefinition } from '../model.ts';
import { beans } from './beans.ts';
import { dataFormats } from './dataFormats.ts';
import { errorHandler } from './errorHandler.ts';
import { from } from './from.ts';
import { intercept } from './intercept.ts';
import { interceptFrom } from './interceptFrom.ts';
import { interceptSendToEndpoint } from './interceptSendToEndpoint.ts';
import { onCompletion } from './onCompletion.ts';
import { onException } from './onException.ts';
import { rest } from './rest.ts';
import { restConfiguration } from './restConfiguration.ts';
import { route } from './route.ts';
import { routeConfiguration } from './routeConfiguration.ts';
import { routeTemplate } from './routeTemplate.ts';
import { sslContextParameters } from './sslContextParameters.ts';
import { templatedRoute } from './templatedRoute.ts';
import { transformers } from './transformers.ts';
import { validators } from './validators.ts';

/** The elements that a file is a list of. */
export const elements = {
  route,
  from,
  rest,
  restConfiguration,
  onException,
  onCompletion,
  errorHandler,
  intercept,
  interceptFrom,
  interceptSendToEndpoint,
  routeConfiguration,
  routeTemplate,
  templatedRoute,
  beans,
  dataFormats,
  transformers,
  validators,
  sslContextParameters,
} as const;

export const elementsByName = elements as unknown as Readonly<Record<string, ElementDefinition>>;
