import type { ConnectorDefinition } from '../core/connector.ts';
import type { DataFormatDefinition, EipDefinition, LanguageDefinition } from '../core/definition.ts';

/** The parts that routes are made of, by the names that YAML uses (connectors by scheme). */
export interface Parts {
  readonly eips: Readonly<Record<string, EipDefinition>>;
  readonly languages: Readonly<Record<string, LanguageDefinition>>;
  readonly dataformats: Readonly<Record<string, DataFormatDefinition>>;
  readonly connectors: Readonly<Record<string, ConnectorDefinition>>;
}
