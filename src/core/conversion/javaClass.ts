/** The key under which an object, or all of a class, says which Java class it is in Camel. */
export const javaClass: unique symbol = Symbol.for('mecha.javaClass') as never;
