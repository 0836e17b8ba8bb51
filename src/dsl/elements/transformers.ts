import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';

const types = {
  name: field.string('Name of the transformer, which `transformDataType` may ask for.'),
  scheme: field.string('First part of the name of types that it can make.'),
  fromType: field.string('Type that it takes.'),
  toType: field.string('Type that it makes.'),
};

const transformerFields = {
  customTransformer: field.element('A bean that transforms.', {
    ref: field.reference('Its name.', 'Transformer'),
    className: field.string('Class of the bean.'),
    ...types,
  }),
  dataFormatTransformer: field.element('Transforms with a data format.', { dataFormat: field.dataFormat('The data format.').required(), ...types }),
  endpointTransformer: field.element('Sends the message to an endpoint and takes its reply.', {
    uri: field.endpoint('The endpoint.'),
    ref: field.reference('An endpoint that stands among the beans.', 'Endpoint'),
    ...types,
  }),
  loadTransformer: field.element('Finds transformers by scanning packages.', {
    packageScan: field.string('Package.').ignored('there are no Java packages to scan'),
    defaults: field.boolean('Takes the transformers that come with the runtime.').default(false),
    ...types,
  }),
};

export const transformers = defineElement({
  name: 'transformers',
  summary: 'How messages of one type become messages of another.',
  options: transformerFields,
});
