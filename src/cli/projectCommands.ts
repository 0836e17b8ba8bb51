import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';
import { examples, keyValue, pairs, profile } from './options.ts';

/** The commands with which a project begins and grows. */
export function projectCommands(program: Command, terminal: Terminal, done: (code: number) => void): void {
  type Options = Record<string, unknown>;
  program
    .command('init')
    .description('Makes a new project: a route, its test, and the application beside it. It needs no package.')
    .argument('[folder]', 'where; this folder when it is left out')
    .option('--json', 'tells as JSON which files were made')
    .addHelpText('after', examples('mecha init shop', 'mecha init') + '\nExit codes: 0 made, 1 a file is in the way, or the folder can not be written; then nothing was.\n')
    .action(async (folder: string | undefined, options: Options) => done((await import('./init.ts')).init(folder ?? '.', terminal, options)));
  program
    .command('add')
    .description('Prints a snippet for a step or a connector, or puts it into a file.')
    .argument('<name>', 'a part, such as aggregate or kafka; `mecha catalog` lists them')
    .option('--into <file>', 'adds it to this file, as a route of its own')
    .option('--route <id>', 'with --into: adds it as the last step of this route')
    .option('--to', 'a connector as a step that sends to it, not as a source')
    .option('--json', 'tells the snippet or the changed file as JSON')
    .addHelpText('after', examples('mecha add aggregate', 'mecha add http --to --into routes/hello.yaml --route hello') + '\nExit codes: 0 fine, 1 no such part, 2 the file can not take it and was not changed.\n')
    .action(async (name: string, options: Options) => done((await import('./add.ts')).add(name, options, terminal)));
  program
    .command('eval')
    .description('Evaluates an expression against a message.')
    .argument('<expression>', 'source text, such as ${body}')
    .option('--language <language>', 'any expression language', 'simple')
    .option('--body <text>', 'body; @file takes it from a file')
    .option('--parse', 'the body is JSON, and the expression sees the object')
    .option('--header <name=value>', 'sets a header (repeatable)', pairs('header', 'name=value'), {})
    .option('--exchange-property <name=value>', 'sets an exchange property (repeatable)', pairs('exchange-property', 'name=value'), {})
    .option('--variable <name=value>', 'sets a variable (repeatable)', pairs('variable', 'name=value'), {})
    .option('--predicate', 'reads it as a condition: true or false')
    .option('--result-type <type>', 'converts the value, such as Integer')
    .option('--property <key=value>', 'sets a property placeholder (repeatable)', keyValue, {})
    .option(...profile)
    .option('--json', 'prints the value as JSON, with its kind')
    .addHelpText('after', examples("mecha eval 'Hello ${body}' --body Ann", "mecha eval 'total > 100' --language jsonata --body @order.json --predicate") + '\nExit codes: 0 evaluated (a condition: it is true), 1 it failed (a condition: it is false), 2 the expression is wrong.\n')
    .action(async (expression: string, options: Options) => done(await (await import('./eval.ts')).evaluate(expression, options, terminal)));
  program
    .command('warm-up')
    .description('Keeps the code that this Node has compiled beside the program, so that starts need not: once, when an image is built.')
    .option('--json', 'tells as JSON what was kept')
    .addHelpText('after', examples('mecha warm-up', 'mecha warm-up --json') + '\nExit codes: 0 kept, 1 the folder of the program can not be written, or it does not run here.\n')
    .action(async (options: Options) => done(await (await import('./warmUp.ts')).warmUp(options, terminal)));
}
