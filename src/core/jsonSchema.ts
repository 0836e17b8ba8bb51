import { BoundedRegExp, interruptibly, isInterruption } from './boundedRegExp.ts';

const longestMillis = 1000;

/** How ajv makes a pattern of a schema: one that backtracks ends. */
const regExp = Object.assign((pattern: string, flags: string): RegExp => new BoundedRegExp(pattern, flags), { code: 'new RegExp' });

/** What every compiler of schemas is made with. */
export const schemaOptions = { code: { regExp } } as const;

/** References with alternatives around them multiply in a nested document; items are compared with each other. */
const mayMultiply = (schema: string): boolean => /"uniqueItems"/.test(schema) || (/"\$(?:dynamic|recursive)?[rR]ef"/.test(schema) && /"(?:anyOf|oneOf|allOf|not|if|dependentSchemas)"/.test(schema));

/**
 * Runs the check of a schema in bounded time. To watch takes a tenth of a millisecond: only schemas that may take long need it.
 * @throws Error when it takes longer than a second
 */
export function boundedCheck<T>(schema: string, check: (document: unknown) => T): (document: unknown) => T {
  if (!mayMultiply(schema)) return check;
  return (document) => {
    try {
      return interruptibly(() => check(document), longestMillis);
    } catch (thrown) {
      throw isInterruption(thrown) ? new Error(`the schema has not judged the document after ${longestMillis} ms`) : thrown;
    }
  };
}
