import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { camelDataFormats, camelSteps } from '../../src/dsl/camelNames.ts';
import { jsonSchema } from '../../src/dsl/schema.ts';
import { standardParts } from '../../src/runtime/standard.ts';

/** What Camel's schema says of a document. */
export interface Verdict {
  readonly kind: string;
  readonly document: unknown;
  readonly inCamel: boolean;
  /** Whether it does with numbers and truths as texts, or the other way round: its loader takes them either way. */
  readonly withPlainScalars: boolean;
  /** What it complains of. */
  complaint: string | null;
}

const file = fileURLToPath(new URL('schema-verdicts.json.br', import.meta.url));

export const readVerdicts = (): Verdict[] => JSON.parse(brotliDecompressSync(readFileSync(file)).toString()) as Verdict[];

export function writeVerdicts(verdicts: readonly Verdict[]): void {
  writeFileSync(file, brotliCompressSync(JSON.stringify(verdicts), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } }));
}

interface Complaint {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: object;
}

/** The deepest complaint says most: the last names of its place, and what is wrong there. */
export function signatureOf(errors: readonly Complaint[]): string {
  const { instancePath, keyword, params } = [...errors].sort((a, b) => b.instancePath.length - a.instancePath.length)[0]!;
  return `${instancePath.replace(/\/\d+/g, '').split('/').slice(-3).join('/')} ${keyword} ${JSON.stringify(params).slice(0, 120)}`;
}

const ownAjv = new Ajv2020({ strict: false, allErrors: false, validateFormats: false });
const validate = ownAjv.compile(jsonSchema(standardParts));

/** Null, or what our schema complains of. */
export const accepts = (document: unknown): string | null => (validate(document) ? null : signatureOf(validate.errors!));

interface Rule {
  readonly only: 'camel' | 'here';
  readonly reason: string;
  readonly complaint?: RegExp;
  readonly document?: (document: unknown) => boolean;
}

const json = (pattern: RegExp) => (document: unknown): boolean => pattern.test(JSON.stringify(document));

/** Data formats and steps that Camel's schema knows and that are not here. */
const notHere = [
  ...[...camelSteps, ...camelDataFormats].filter((name) => !Object.hasOwn(standardParts.eips, name) && !Object.hasOwn(standardParts.dataformats, name)),
  'langChain4j\\w*',
  'tokenizer',
  'pausable',
  'resumable',
];

/** Where the two schemas differ, and why. `only` says which of the two accepts. Each must explain some of what is recorded. */
export const rules: readonly Rule[] = [
  { only: 'camel', reason: "an expression or a condition is required: Camel's loader refuses a step without one", complaint: /required \{"missingProperty":"(?:expression|constant|correlationExpression)"\}/ },
  { only: 'camel', reason: "what a step is about is required: Camel's loader refuses a step without it", complaint: /required \{"missingProperty":"(?:headers|variables|deadLetterUri|onCompletion|onException|intercept\w*)"\}/ },
  { only: 'camel', reason: 'one expression a step, nested or not: two are an accident that hides one of them', complaint: /oneOf \{"passingSchemas":\[0,1\]\}/ },
  { only: 'camel', reason: "doCatch, doFinally, when and otherwise stand within doTry and choice: Camel's loader refuses them elsewhere", complaint: /additionalProperties \{"additionalProperty":"(?:doCatch|doFinally|when|otherwise|onWhen)"\}/ },
  { only: 'camel', reason: "a number is a whole number where Camel's loader wants one: it refuses 1.5", complaint: /type \{"type":"integer"\}/, document: json(/:1\.5/) },
  { only: 'camel', reason: "a text that is no number, no duration and no placeholder is an error; Camel's loader says so when the value is used, if ever", complaint: /type \{"type":"(?:integer|number)"\}/ },
  { only: 'camel', reason: "a text that is no truth is an error; Camel's schema says nothing of what stands in it", complaint: /type \{"type":"boolean"\}/ },
  { only: 'camel', reason: "one of a few words: Camel's loader refuses any other", complaint: /enum \{"allowedValues"/ },
  { only: 'camel', reason: "a mapping, or one of a few words: Camel's loader refuses any other text", complaint: /type \{"type":"object"\}/ },
  { only: 'camel', reason: "an entry that is no mapping, or an empty one: Camel's loader refuses it", document: (document) => (Array.isArray(document) && document.some((item: unknown) => typeof item !== 'object' || item === null || Array.isArray(item) || Object.keys(item).length === 0)) || json(/"(?:intercept\w*|onException|onCompletion|steps)":\[(?:[^\]]*,)?\{\}/)(document) },
  { only: 'camel', reason: "an option that there is not: Camel's loader refuses it", complaint: /ErrorHandler additionalProperties/ },
  { only: 'camel', reason: "a value is a text, a number or a truth: Camel's loader refuses a list", complaint: /type \{"type":\["string","number","boolean","null"(?:,"object")?\]\}/ },
  { only: 'here', reason: 'a data format or a step that is not here is refused by name when the route is loaded, whatever it holds', complaint: new RegExp(`\\b(?:${notHere.join('|')})\\b`) },
  { only: 'here', reason: "numbers, truths and placeholders in the place of each other, deep in a document: Camel's loader takes them", complaint: /type \{"type":"(?:string|boolean|integer|number)"\}|enum \{"allowedValues"/, document: (document) => !json(/"nested":"mapping"|\["list"\]/)(document) },
  { only: 'here', reason: "one text in the place of a list: Camel's loader takes it", complaint: /exception type \{"type":"array"\}/ },
  { only: 'here', reason: 'a column may be given by its name alone', complaint: /univocityHeader type \{"type":"object"\}/ },
  { only: 'here', reason: "a text in the place of `from`: Camel's loader takes it", complaint: /from type \{"type":"object"\}/ },
  { only: 'here', reason: "an option that Camel's loader takes and its schema forgets", complaint: /(?:circuitBreaker|failoverLoadBalancer) additionalProperties \{"additionalProperty":"inheritErrorHandler"\}/ },
  { only: 'here', reason: "what applies to a route may stand among its steps: Camel's loader takes it", complaint: /steps additionalProperties \{"additionalProperty":"(?:onException|onCompletion|intercept\w*)"\}/ },
  { only: 'here', reason: "a reply need not say what it means: Camel's loader takes it", complaint: /responseMessage required \{"missingProperty":"message"\}/ },
  { only: 'here', reason: "an expression may be nested: Camel's loader takes it here, too", complaint: /saga\/option required/ },
  { only: 'here', reason: "of two kinds of error handlers the last one counts: Camel's loader takes both", complaint: /errorHandler not/ },
];

export function reasonOf(verdict: Verdict, complaintHere: string | null): string | null {
  const { document, inCamel, withPlainScalars, complaint } = verdict;
  if (!inCamel && withPlainScalars) return scalars;
  const said = inCamel ? complaintHere! : complaint!;
  return rules.find((rule) => rule.only === (inCamel ? 'camel' : 'here') && (rule.complaint?.test(said) ?? true) && (rule.document?.(document) ?? true))?.reason ?? null;
}

export const scalars = 'numbers and truths are taken as texts and the other way round, by both loaders';
