import type { Diagnostics } from '../core/diagnostics.ts';
import type { DocumentModel } from '../dsl/model.ts';
import type { Configuration } from './configuration.ts';

export const restDocuments =
  (configuration: Configuration) =>
  (documents: readonly DocumentModel[], problems: Diagnostics): readonly DocumentModel[] => {
    void [configuration, problems];
    return documents;
  };
