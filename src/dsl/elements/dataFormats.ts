import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';

export const dataFormats = defineElement({
  name: 'dataFormats',
  summary: 'Data formats with an id, which `marshal` and `unmarshal` refer to as `custom: { ref: id }`.',
  options: { dataFormats: field.list('The data formats.', field.dataFormat('A data format with its id and options.')).required() },
  shorthand: 'dataFormats',
});
