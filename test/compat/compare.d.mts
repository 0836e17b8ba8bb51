export function compare(expected: unknown, actual: unknown, yaml?: string): { facts: number; agreeing: number; differences: { path: string; expected: unknown; actual: unknown }[] };
export function group(name: string): string;
