import { Diagnostics, type Diagnostic, type Source } from '../../src/core/diagnostics.ts';
import { connectors } from '../../src/connectors/index.ts';
import { dataformats } from '../../src/dataformats/index.ts';
import type { ElementModel, EndpointModel, ExpressionModel, ModelValue, StepModel } from '../../src/dsl/model.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import { readDocument, type Parts } from '../../src/dsl/read.ts';
import { parseEndpoint } from '../../src/dsl/uri.ts';
import { eips } from '../../src/eip/index.ts';
import { languages } from '../../src/languages/index.ts';
import { Languages } from '../../src/runtime/languages.ts';
import { planRoutes } from '../../src/runtime/plan.ts';

export const parts: Parts = { eips, languages, dataformats, connectors };

/** All complaints that files give without being started. */
export type Check = (files: readonly Source[]) => Diagnostic[];

export const properties = propertyLookup({ properties: { name: 'World', target: 'out', port: '8080', a: '{{b}}', b: '{{a}}' } });

/** What the reader, the endpoints and the expressions of files complain about. */
export const checkFiles: Check = (files) => {
  const problems = new Diagnostics();
  const compiler = new Languages(languages, {
    property: (key) => properties.get(key),
    bean: () => undefined,
    beanNames: () => [],
    resource: (uri) => {
      throw new Error(`no resource ${uri}`);
    },
    environment: {},
    log: () => undefined,
  });
  const documents = files.map((file) => readDocument(file, parts, { properties }, problems));
  for (const { elements } of documents) {
    walk(elements, {
      endpoint: (endpoint) => {
        if (!endpoint.uri.includes('${')) parseEndpoint(endpoint, connectors, problems);
      },
      expression: (expression, isPredicate) => {
        if (isPredicate) compiler.compilePredicate(expression, problems);
        else compiler.compile(expression, problems);
      },
    });
  }
  planRoutes(documents, null, problems, () => true);
  return problems.sorted();
};

interface Visitor {
  endpoint(endpoint: EndpointModel): void;
  expression(expression: ExpressionModel, isPredicate: boolean): void;
}

/** Calls back for every endpoint and expression of a model. */
function walk(value: ModelValue | undefined, visitor: Visitor, isPredicate = false): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value as readonly ModelValue[]) walk(item, visitor, isPredicate);
    return;
  }
  const model = value as ElementModel | EndpointModel | ExpressionModel | StepModel;
  if (model.type === 'endpoint') visitor.endpoint(model);
  else if (model.type === 'expression') visitor.expression(model, isPredicate);
  else if (model.type === 'step') {
    for (const [name, field] of Object.entries(model.element.fields)) {
      const shape = model.definition.options[name]?.shape;
      walk(field, visitor, shape?.kind === 'predicate' || shape?.item?.shape.kind === 'element');
    }
  } else if (model.type === 'element') for (const field of Object.values(model.fields)) walk(field, visitor, isPredicate);
}
