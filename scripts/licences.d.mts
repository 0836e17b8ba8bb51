/** See licences.mjs. @throws Error when a library's licence does not allow it to be bundled */
export function notices(root: string, inputs: Iterable<string>): string;
