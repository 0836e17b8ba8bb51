import type { Value } from '../value.ts';

/** Given by a function that, on a closer look, was not called. */
export const notMine: Value = () => null;
