import { Command, CommanderError, Option } from 'commander';
import { findsAdmin, operateCommands } from './operateCommands.ts';
import { examples, keyValue, profile, whole } from './options.ts';
import { assistCommands } from './assistCommands.ts';
import { projectCommands } from './projectCommands.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

/**
 * Runs one command line (without node and script). Gives the exit code: 0 fine, 1 not found or nothing done, 2 wrong input.
 * Each command's code is loaded when it is called.
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  let code = 0;
  const program = new Command('mecha')
    .description('Runs integrations written in Apache Camel YAML.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: (text) => terminal.err.write(text) })
    .addHelpText('after', examples('mecha run routes/', 'mecha validate routes/ --format json', 'mecha deadletters list') + '\nExit codes: 0 fine, 1 nothing found or not possible, 2 wrong input.\n');

  // A profile is a property like others.
  program.hook('preAction', (_program, command) => {
    const { profile: named, property } = command.opts<{ profile?: string; property?: Record<string, string> }>();
    if (named !== undefined) command.setOptionValue('property', { 'camel.main.profile': named, ...property });
  });

  program
    .command('run')
    .description('Runs routes from files, folders or globs, and reloads them when they change.')
    .argument('[paths...]', 'files, folders or globs; what mecha.yaml names when there are none')
    .option('--dev', 'shows more of what happens: every exchange that fails or is handled, and reload problems in place')
    .option('--config <file>', 'configuration file in place of mecha.yaml')
    .option('--port <port>', 'port of the HTTP listener; 0 takes any free one', whole(0, 65_535))
    .option('--property <key=value>', 'sets a property placeholder or a setting (repeatable)', keyValue, {})
    .option(...profile)
    .option('--kamelets <paths>', 'folders, jars or zip archives with kamelets, commas between them')
    .option('--workers <count>', 'processes that share the work, for the cores of one machine', whole(1, 256))
    .option('--no-watch', 'does not reload when files change')
    .addOption(new Option('--log-level <level>', 'lowest level that is logged').choices(['trace', 'debug', 'info', 'warn', 'error']))
    .addOption(new Option('--log-format <format>', 'lines for people or for machines').choices(['text', 'json']))
    .option('--json', 'as --log-format json')
    .addHelpText('after', examples('mecha run routes/orders.yaml', "mecha run 'integrations/**/*.yaml' --port 9090 --property outbox=/var/outbox") + '\nExit codes: 0 stopped gracefully, 1 something in flight did not finish in time, 2 routes or configuration are wrong.\n')
    .action(async (paths: string[], options: Record<string, unknown>) => {
      const { run } = await import('./run.ts');
      code = await run(paths, options, terminal);
    });

  program
    .command('validate')
    .description('Checks routes without starting anything.')
    .argument('[paths...]', 'files, folders or globs; `-` for standard input')
    .addOption(new Option('--format <format>', 'for people, as JSON (one line a file), as annotations of GitHub, or for code scanning').choices(['text', 'json', 'github', 'sarif']).default('text'))
    .option('--json', 'as --format json')
    .option('--fix', 'makes the repairs that leave no doubt, and says what is left')
    .option('--no-lints', 'looks for errors only')
    .option('--config <file>', 'configuration file in place of mecha.yaml')
    .option('--property <key=value>', 'sets a property placeholder (repeatable)', keyValue, {})
    .option(...profile)
    .option('--kamelets <paths>', 'folders, jars or zip archives with kamelets, commas between them')
    .addHelpText('after', examples('mecha validate routes/ --fix', 'mecha validate --format sarif orders.yaml > orders.sarif') + '\nExit codes: 0 nothing wrong, 1 lints only, 2 errors.\n')
    .action(async (paths: string[], options: Record<string, unknown>) => {
      const { validate } = await import('./validate.ts');
      code = await validate(paths, options, terminal);
    });

  program
    .command('test')
    .description('Runs tests of routes: *.test.yaml, with mocks and virtual time.')
    .argument('[paths...]', 'files, folders or globs; the folder itself when there are none')
    .option('--filter <text>', 'only tests with this in their name or file')
    .option('--update', 'takes snapshots anew')
    .option('--watch', 'runs the tests again when something changes')
    .option('--coverage', 'shows which steps of the routes no test ran')
    .option('--min-coverage <percent>', 'fails when fewer steps ran', whole(0, 100))
    .addOption(new Option('--format <format>', 'how results are written').choices(['text', 'json', 'junit']).default('text'))
    .option('--json', 'as --format json')
    .option('--output <file>', 'writes json or junit into a file, and text to the terminal')
    .option('--limit <ms>', 'how long a test may really take before it is cut', whole(1, 3_600_000))
    .option('--in-process', 'runs the tests in the thread of the program, for a debugger; one that blocks it is not cut')
    .option('--config <file>', 'configuration file in place of mecha.yaml')
    .option('--property <key=value>', 'sets a property placeholder (repeatable)', keyValue, {})
    .option(...profile)
    .addHelpText('after', examples('mecha test routes/', 'mecha test --format junit --output report.xml --coverage') + '\nExit codes: 0 all passed, 1 some failed (or too few steps ran), 2 a test or a route can not be read, or there are no tests.\n')
    .action(async (paths: string[], options: Record<string, unknown>) => {
      const { test } = await import('./test.ts');
      code = await test(paths, options, terminal);
    });

  program
    .command('explain')
    .description('Tells what a code of a complaint means, with a route that gives it and the repair.')
    .argument('[code]', 'such as M0104; all codes without one')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('mecha explain M0104', 'mecha explain --json') + '\nExit codes: 0 fine, 1 no such code.\n')
    .action(async (given: string | undefined, options: Record<string, unknown>) => {
      const { explain } = await import('./explain.ts');
      code = explain(given, options, terminal);
    });

  program
    .command('migrate')
    .description('Says file by file what of a folder of Camel or Camel K runs, what differs, and what to write instead.')
    .argument('<folder>', 'a folder with routes, of Camel or Camel K')
    .option('--kamelets <paths>', 'folders, jars or zip archives with kamelets, commas between them')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('mecha migrate ../camel-project', 'mecha migrate ../camel-project --kamelets camel-kamelets-4.18.0.jar --json') + '\nExit codes: 0 all of it runs, 1 something does not or needs a person, 2 no such folder.\n')
    .action(async (folder: string, options: Record<string, unknown>) => {
      const { migrate } = await import('./migrate.ts');
      code = await migrate(folder, options, terminal);
    });

  program
    .command('schema')
    .description('Prints the JSON Schema (2020-12) of routes, for editors.')
    .option('--tests', 'that of test files')
    .option('--json', 'as JSON, which it is anyway')
    .addHelpText('after', examples('mecha schema > routes.schema.json', 'mecha schema --tests > tests.schema.json') + '\nExit codes: 0.\n')
    .action(async (options: Record<string, unknown>) => {
      const { schema } = await import('./schema.ts');
      code = schema(options, terminal);
    });

  program
    .command('catalog')
    .description('Lists steps, connectors, languages and data formats, or the options of one.')
    .argument('[name]', 'a part, such as aggregate or file')
    .addOption(new Option('--kind <kind>', 'only parts of this kind').choices(['eip', 'step', 'connector', 'language', 'dataformat', 'element']))
    .addOption(new Option('--format <format>', "how they are written; camel is the form of Camel's catalogue, for tools such as Kaoto").choices(['text', 'json', 'camel']))
    .option('--output <folder>', 'with --format camel: writes the files that Kaoto loads')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('mecha catalog --kind connector', 'mecha catalog --format camel --output catalog') + '\nExit codes: 0 fine, 1 no such part, 2 wrong input.\n')
    .action(async (name: string | undefined, options: Record<string, unknown>) => {
      const { catalog } = await import('./catalog.ts');
      code = catalog(name, options, terminal);
    });

  program
    .command('describe')
    .description('Shows routes as they are compiled, without starting them.')
    .argument('[paths...]', 'files, folders or globs')
    .addOption(new Option('--format <format>', 'a tree, JSON, or a diagram').choices(['text', 'json', 'mermaid']).default('text'))
    .option('--json', 'as --format json')
    .option('--config <file>', 'configuration file in place of mecha.yaml')
    .option('--property <key=value>', 'sets a property placeholder (repeatable)', keyValue, {})
    .option(...profile)
    .addHelpText('after', examples('mecha describe routes/orders.yaml', 'mecha describe routes/ --format mermaid') + '\nExit codes: 0 fine, 2 errors.\n')
    .action(async (paths: string[], options: Record<string, unknown>) => {
      const { describe } = await import('./describe.ts');
      code = await describe(paths, options, terminal);
    });

  projectCommands(program, terminal, (result) => (code = result));

  const deadLetters = program
    .command('deadletters')
    .description('Lists, shows and replays messages that no error handler took.')
    .addHelpText('after', examples('mecha deadletters list --route orders', 'mecha deadletters replay 01J9Z...') + '\nExit codes: 0 fine, 1 no such dead letter or no running Mecha to replay it.\n');
  const common = findsAdmin;
  common(deadLetters.command('list').description('Lists dead letters, oldest first.'))
    .option('--route <id>', 'only those of a route')
    .option('--limit <count>', 'at most so many', whole(1, 1000), 100)
    .option('--after <id>', 'those after this one')
    .addHelpText('after', examples('mecha deadletters list', 'mecha deadletters list --route orders --json') + '\nExit codes: 0 fine, 1 no such dead letter or no running Mecha to replay it, 2 wrong input.\n')
    .action(async (options: Record<string, unknown>) => {
      const { list } = await import('./deadletters.ts');
      code = await list(options, terminal);
    });
  common(deadLetters.command('show').description('Shows one with its message and why it failed.').argument('<id>'))
    .addHelpText('after', examples('mecha deadletters show 01J9Z...', 'mecha deadletters show 01J9Z... --json') + '\nExit codes: 0 fine, 1 no such dead letter or no running Mecha to replay it, 2 wrong input.\n')
    .action(async (id: string, options: Record<string, unknown>) => {
      const { show } = await import('./deadletters.ts');
      code = await show(id, options, terminal);
    });
  common(deadLetters.command('replay').description('Sends one (or all of a route) through its route again, in the running Mecha.').argument('[id]'))
    .option('--route <id>', 'all of this route that were not replayed yet')
    .addHelpText('after', examples('mecha deadletters replay 01J9Z...', 'mecha deadletters replay --route orders') + '\nExit codes: 0 fine, 1 no such dead letter or no running Mecha to replay it, 2 wrong input.\n')
    .action(async (id: string | undefined, options: Record<string, unknown>) => {
      const { replay } = await import('./deadletters.ts');
      code = await replay(id, options, terminal);
    });

  const done = (ended: number): void => {
    code = ended;
  };
  operateCommands(program, terminal, done);
  assistCommands(program, terminal, done);

  try {
    if (args.length === 0) {
      terminal.out.write(program.helpInformation());
      return 0;
    }
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.code === 'mecha.property') terminal.err.write(`${thrown.message}\n`);
      return thrown.exitCode === 0 ? 0 : 2;
    }
    throw thrown;
  }
}
