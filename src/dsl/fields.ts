import type { Fields } from '../core/field.ts';
import { field } from '../core/field.ts';

/** Keys that every step takes, and every part of one that has steps, an expression or an endpoint. */
export const commonFields: Fields = {
  id: field.string('Names it for logs, metrics and the administration.'),
  description: field.remark('What it is for, in the words of its author.'),
  note: field.remark('A remark for readers of the file.'),
  disabled: field.boolean('Leaves it out.'),
};

/** Keys that every expression takes, beside those of its language. */
const untyped: Fields = {
  id: field.string('Names the expression.'),
  trim: field.boolean('Takes blanks at both ends off the source text.'),
};
const typed: Fields = { ...untyped, resultType: field.string('Type that the value is converted to.') };

/** Those of one language. */
export const languageCommon = (definition: { readonly keepsType?: boolean } | undefined): Fields => (definition?.keepsType === true ? untyped : typed);

/** Options that a language can't do without: a text alone is none of it. */
export const requiredOptions = (definition: { readonly options: Fields } | undefined): string[] => Object.entries(definition?.options ?? {}).flatMap(([name, { shape }]) => (shape.isRequired ? [name] : []));

/** What `custom` takes among data formats: it stands for one that is made elsewhere. */
export const customDataFormat: Fields = { ref: field.reference('Name of the data format.', 'DataFormat').required() };

/** The field whose language keys may stand in the element itself (`setBody: { simple: ... }`). */
export const inlineExpression = (fields: Fields): string | null => {
  const { expression } = fields;
  return expression !== undefined && expression.shape.isInline && (expression.shape.kind === 'expression' || expression.shape.kind === 'predicate') ? 'expression' : null;
};

/** The field whose data formats may stand in the element itself (`marshal: { json: ... }`). */
export const inlineDataFormat = (fields: Fields): string | null => {
  for (const key of Object.keys(fields)) if (fields[key]!.shape.catalog === 'dataformats' && fields[key]!.shape.isInline) return key;
  return null;
};

const commonOwners: readonly string[] = ['steps', 'expression', 'predicate', 'endpoint'];

export const takesCommon = (fields: Fields): boolean => Object.values(fields).some(({ shape }) => commonOwners.includes(shape.kind));
