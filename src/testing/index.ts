/** Tests of routes, as `mecha test` runs them: `import { runTests } from 'mecha-runtime/testing'`. */
export { testFileSchema } from './format.ts';
export type { Failure, StepCount, TestResult } from './run.ts';
export { isFine, percent, printCoverage, printFailure, printResult, printSummary, reportAsJson, reportAsJunit } from './report.ts';
export type { CoveredStep, FileReport, TestOptions, TestReport } from './suite.ts';
export { runTests } from './suite.ts';
