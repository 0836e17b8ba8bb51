import type { Diagnostics, Span } from '../core/diagnostics.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';
import { OptionError } from '../core/optionError.ts';
import { optionAt } from '../dsl/uri.ts';
import type { DataFormatModel, ElementModel, EndpointModel, ModelValue, StepModel } from '../dsl/model.ts';

/** An option that was written: its value, and where that stands. */
interface Written {
  readonly value: unknown;
  readonly at: Span;
}

/**
 * Says what the code of a step complained about while it was made: at the option that it names, at the place in the text that a language
 * can't read, else at the step.
 */
export function reportUnfit(thrown: unknown, model: StepModel, problems: Diagnostics): void {
  const { message } = thrown as Error;
  const written = optionsOf(model.element);
  const docs = `docs/eip/${model.kind}.md`;
  if (thrown instanceof ExpressionSyntaxError && thrown.origin !== null) {
    const { language, text } = thrown.origin;
    problems.report('M0301', `${language}: ${message}`, textAt(written, text, thrown) ?? model.at, { label: 'here', help: thrown.help, docs: `docs/languages/${language}.md` });
    return;
  }
  if (thrown instanceof OptionError) {
    problems.report(thrown.code, message, thrown.options.map((name) => placeOf(written, name)).find((at) => at !== null) ?? model.at, { help: thrown.help, docs });
    return;
  }
  problems.report('M0205', `can't build the step \`${model.kind}\`: ${message}`, firstNamed(message, (name) => placeOf(written, name)) ?? model.at, { docs });
}

/** What is known of a complaint about an endpoint: the place of the option that it names, or of the text that a language can't read, and what to write instead. */
export function endpointComplaint(thrown: unknown, model: EndpointModel | null): { readonly at: Span | null; readonly help: string | null } {
  const { message, help: given } = thrown as { readonly message: string; readonly help?: unknown };
  const help = typeof given === 'string' ? given : null;
  if (model === null) return { at: null, help };
  if (thrown instanceof ExpressionSyntaxError && thrown.origin !== null) return { at: textIn(model.at, thrown.origin.text, thrown) ?? parameterText(model, thrown.origin.text, thrown) ?? model.at, help };
  const named = thrown instanceof OptionError ? thrown.options.map((name) => optionAt(model, name)).find((at) => at !== null) : firstNamed(message, (name) => optionAt(model, name));
  return { at: named ?? model.at, help };
}

function parameterText({ parametersAt }: EndpointModel, text: string, error: ExpressionSyntaxError): Span | null {
  for (const at of Object.values(parametersAt)) {
    const found = textIn(at, text, error);
    if (found !== null) return found;
  }
  return null;
}

/** Complaints name options in backticks, some with the value: `delimiter`, `fileExist=Move`. */
function firstNamed(message: string, place: (name: string) => Span | null): Span | null {
  for (const [, name] of message.matchAll(/`([A-Za-z][\w.-]*)(?:[=:][^`]*)?`/g)) {
    const at = place(name!);
    if (at !== null) return at;
  }
  return null;
}

const placeOf = (written: ReadonlyMap<string, Written>, name: string): Span | null => written.get(name)?.at ?? null;

/** The options of a step and of what stands in it, but for other steps; the outermost of a name counts. */
function optionsOf(element: ElementModel): ReadonlyMap<string, Written> {
  const found = new Map<string, Written>();
  const level: (ElementModel | DataFormatModel)[] = [element];
  for (const part of level) {
    const [values, places] = part.type === 'element' ? [part.fields, part.fieldsAt] : [part.options, part.optionsAt];
    for (const [name, value] of Object.entries(values)) {
      const at = places[name];
      if (at !== undefined && !found.has(name)) found.set(name, { value, at });
      for (const inner of Array.isArray(value) ? (value as readonly ModelValue[]) : [value as ModelValue]) if (isPart(inner)) level.push(inner);
    }
  }
  return found;
}

function isPart(value: ModelValue): value is ElementModel | DataFormatModel {
  const type = (value as { type?: unknown } | null | undefined)?.type;
  return type === 'element' || type === 'dataFormat';
}

/** The place within an option's text, where the file has the text as it is; else the option's. */
function textAt(written: ReadonlyMap<string, Written>, text: string, error: ExpressionSyntaxError): Span | null {
  for (const { value, at } of written.values()) {
    const given = typeof value === 'string' ? value : (value as { type?: unknown } | null)?.type === 'endpoint' ? (value as EndpointModel).uri : null;
    if (given === null || !given.includes(text)) continue;
    return textIn(at, text, error) ?? at;
  }
  return null;
}

function textIn(at: Span, text: string, { offset, length }: ExpressionSyntaxError): Span | null {
  const start = at.source.text.slice(at.start, at.end).indexOf(text);
  if (start < 0) return null;
  const from = Math.min(at.start + start + offset, at.end);
  return { source: at.source, start: from, end: Math.min(from + Math.max(1, length), Math.max(at.end, from + 1)) };
}
