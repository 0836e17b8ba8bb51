import type { Diagnostics } from '../core/diagnostics.ts';
import type { DocumentModel } from '../dsl/model.ts';
import type { Configuration } from './configuration.ts';
import { expandRest } from './rest.ts';

/** `rest` services as routes; they need nothing of the configuration beside their own `restConfiguration`. */
export const restDocuments =
  (_configuration: Configuration) =>
  (documents: readonly DocumentModel[], problems: Diagnostics): readonly DocumentModel[] =>
    expandRest(documents, problems);
