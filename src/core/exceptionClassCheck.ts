import type { Diagnostics, Span } from './diagnostics.ts';
import { nearest } from './diagnostics.ts';
import { isKnownExceptionClass, qualifiedClassName } from './errors.ts';
import { exceptionClasses } from './exceptionClasses.ts';

/** A class of Java's that is written without its package, which Camel does not find. @returns whether it is one */
function checkPackage(name: string, at: Span | null, problems: Diagnostics): boolean {
  const qualified = qualifiedClassName(name);
  if (name.includes('.') || qualified === name) return false;
  problems.report('M0506', `the exception class \`${name}\` has no package`, at, { label: 'Camel finds no such class', help: `did you mean \`${qualified}\`?` });
  return true;
}

/** Java classes that nobody here throws can't be caught: an unknown java.* or org.apache.camel.* name is most likely misspelt. */
export function checkExceptionClass(name: string, at: Span | null, problems: Diagnostics): void {
  if (checkPackage(name, at, problems) || isKnownExceptionClass(name)) return;
  const near = nearest(name, [...exceptionClasses().keys()]);
  // An error class of a JavaScript module has no package: those can't be known before they are thrown.
  if (!name.includes('.') && near === null) return;
  problems.report('M0506', `unknown exception class \`${name}\``, at, {
    label: 'nothing here throws it',
    help: near === null ? "name a class that steps throw, java.lang.Exception for all, or a JavaScript module's error class by its plain name" : `did you mean \`${near}\`?`,
  });
}
