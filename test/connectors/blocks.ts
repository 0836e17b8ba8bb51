import { expect } from 'chai';
import { LoadError, Mecha } from '../../src/index.ts';

/** What the tests of transactions over blocks of steps share, whatever carries the messages. */

/** A policy for each propagation, named like it in small letters, with the transaction manager of this name; below `beans:`. */
export const policies = (manager: string, propagations: readonly string[]): string =>
  propagations.map((name) => `    - { name: ${name.toLowerCase()}, type: org.apache.camel.spring.spi.SpringTransactionPolicy, properties: { transactionManager: "#bean:${manager}", propagationBehaviorName: PROPAGATION_${name} } }`).join('\n');

/** A step that fails what has this body. */
export const failsWith = (body: string): string => `{ filter: { simple: "\${body} == '${body}'", steps: [ { throwException: { exceptionType: java.lang.IllegalStateException, message: "no" } } ] } }`;

/** The message that something fails with. */
export const failure = (sending: Promise<unknown>): Promise<string> =>
  sending.then(
    () => 'it did not fail',
    (thrown: unknown) => (thrown as Error).message,
  );

/** What is said of routes that can't be loaded: the message, and all that it consists of as JSON. */
export async function refused(routes: string, properties: Readonly<Record<string, string>>): Promise<string> {
  let thrown: unknown = null;
  const mecha = await Mecha.start({ configuration: null, routes, properties, settings: { 'http.port': 0, 'management.enabled': false, 'state.store': 'memory' } }).catch((error: unknown) => void (thrown = error));
  await (mecha as Mecha | undefined)?.stop();
  expect(thrown).to.be.instanceOf(LoadError);
  const { message, diagnostics } = thrown as LoadError;
  return `${message} ${JSON.stringify(diagnostics)}`;
}
