// The worker as our own tests run it, from the sources: a thread does not take over what compiles TypeScript in the main one.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
