import { defineConnector, runtimeOf } from '../core/connector.ts';
import { isByteSource, readBytes } from '../core/conversion/convert.ts';
import { conversion } from '../core/graph/dataFormatStep.ts';
import { field } from '../core/field.ts';

/** Camel names some data formats after the library that does the work. */
const namesInYaml: Readonly<Record<string, string>> = {
  jackson: 'json',
  gson: 'json',
  fastjson: 'json',
  jsonb: 'json',
  snakeYaml: 'yaml',
  snakeyaml: 'yaml',
  'bindy-csv': 'bindy',
  'univocity-csv': 'univocityCsv',
  'univocity-tsv': 'univocityTsv',
};

export const dataformat = defineConnector({
  scheme: 'dataformat',
  syntax: 'dataformat:name:operation',
  summary: 'Marshals or unmarshals the body with a data format; its options stand in the query.',
  isLenient: true,
  options: {
    name: field.string('The data format: `json` (or `jackson`), `csv`, `yaml`, ...').required().inPath(),
    operation: field.enum('What to do.', ['marshal', 'unmarshal']).required().inPath(),
    lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  },
  producer: ({ options: { name, operation }, rest }, context) => {
    const format = runtimeOf(context).dataFormat(namesInYaml[name] ?? name, rest);
    const body = { variableSend: undefined, variableReceive: undefined };
    if (operation === 'marshal') return { send: conversion((exchange, value) => format.marshal(exchange, value), body) };
    return {
      send: conversion((exchange, value) => {
        if (format.takesStreams === true || !isByteSource(value)) return format.unmarshal(exchange, value);
        return readBytes(value).then((bytes) => format.unmarshal(exchange, bytes));
      }, body),
    };
  },
});
