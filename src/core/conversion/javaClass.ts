/** The key under which an object, or all of a class, says which Java class it is in Camel. */
export const javaClass: unique symbol = Symbol.for('mecha.javaClass') as never;

/** Says of which class a list is in Camel, where it is no usual one. Nobody sees that who goes over it or compares it. */
export const listOfClass = <T extends unknown[]>(list: T, name: string): T => (Object.isExtensible(list) ? Object.defineProperty(list, javaClass, { value: name, configurable: true }) : list);
