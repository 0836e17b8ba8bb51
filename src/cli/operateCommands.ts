import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';
import { examples, pairs, whole } from './options.ts';

/** How commands find the running Mecha. */
export const findsAdmin = (command: Command): Command =>
  command
    .option('--config <file>', 'configuration file in place of mecha.yaml')
    .option('--url <address>', 'a Mecha that serves its admin API there, in place of the one in this folder')
    .option('--token <token>', 'token that its admin API asks for; or MECHA_ADMIN_TOKEN')
    .option('--json', 'as JSON');

const codes = '\nExit codes: 0 fine, 1 not there or no running Mecha, 2 wrong input.\n';

/** The commands that talk to a running Mecha. */
export function operateCommands(program: Command, terminal: Terminal, done: (code: number) => void): void {
  type Options = Record<string, unknown>;
  const get = program.command('get').description('Shows what runs: routes, messages in flight, health.').addHelpText('after', examples('mecha get routes', 'mecha get health --json') + codes);
  findsAdmin(get.command('routes').description('Lists routes with state and counts, or the steps of one.').argument('[id]', 'a route'))
    .addHelpText('after', examples('mecha get routes', 'mecha get routes orders') + codes)
    .action(async (id: string | undefined, options: Options) => done(await (await import('./operate.ts')).getRoutes(id, options, terminal)));
  findsAdmin(get.command('inflight').description('Counts messages under way, by route.'))
    .addHelpText('after', examples('mecha get inflight', 'mecha get inflight --json') + codes)
    .action(async (options: Options) => done(await (await import('./operate.ts')).getInflight(options, terminal)));
  findsAdmin(get.command('health').description('Says whether every route is ready, and why one is not.'))
    .addHelpText('after', examples('mecha get health', 'mecha get health --url http://10.0.0.5:9000 --token hush') + '\nExit codes: 0 every route is ready, 1 one is not or no running Mecha, 2 wrong input.\n')
    .action(async (options: Options) => done(await (await import('./operate.ts')).getHealth(options, terminal)));

  findsAdmin(program.command('reload').description('Makes the running Mecha read its routes again, or those of a file.').argument('[file]', 'run these routes in place of the files'))
    .addHelpText('after', examples('mecha reload', 'mecha reload next.yaml --json') + '\nExit codes: 0 reloaded or nothing has changed, 1 no running Mecha, 2 the routes are wrong and nothing has changed.\n')
    .action(async (file: string | undefined, options: Options) => done(await (await import('./operate.ts')).reload(file, options, terminal)));
  for (const [action, description] of [
    ['suspend', 'Lets a route take no more messages; what is in flight finishes.'],
    ['resume', 'Lets a route take messages again, or starts one that has not started.'],
  ] as const) {
    findsAdmin(program.command(action).description(description).argument('<route>', 'id of the route'))
      .addHelpText('after', examples(`mecha ${action} orders`, `mecha ${action} orders --json`) + codes)
      .action(async (id: string, options: Options) => done(await (await import('./operate.ts')).steer(action, id, options, terminal)));
  }
  findsAdmin(program.command('send').description('Sends a message to an endpoint of the running Mecha and prints the reply.').argument('<uri>', 'endpoint, such as direct:orders').argument('[body]', 'its body, as --body gives it'))
    .option('--body <text>', 'body; @file takes it from a file')
    .option('--header <name=value>', 'sets a header (repeatable)', pairs('header', 'name=value'), {})
    .option('--one-way', 'wants no reply')
    .addHelpText('after', examples("mecha send direct:orders --body '{\"id\": 1}'", 'mecha send seda:work --one-way --body @order.json --header kind=large') + '\nExit codes: 0 it went through, 1 it failed or no running Mecha, 2 wrong input.\n')
    .action(async (uri: string, body: string | undefined, options: Options) => {
      if (body !== undefined && options['body'] !== undefined) {
        terminal.err.write('error: the body stands there twice: take it out behind the URI, or --body\n');
        return done(2);
      }
      done(await (await import('./operate.ts')).send(uri, body === undefined ? options : { ...options, body }, terminal));
    });
  findsAdmin(program.command('trace').description('Shows live how messages go from step to step in the running Mecha.').argument('[route]', 'only this route'))
    .option('--step <id>', 'only what enters this step')
    .option('--when <predicate>', 'only messages for which it holds, in Simple')
    .option('--language <language>', 'language of --when')
    .option('--headers', 'shows headers, too')
    .option('--limit <count>', 'ends after so many lines', whole(1, 1_000_000_000))
    .addHelpText('after', examples('mecha trace orders', "mecha trace --step greet --when '${body} contains \"gold\"' --json") + '\nExit codes: 0 ended, 1 no such route or no running Mecha, 2 wrong input.\n')
    .action(async (route: string | undefined, options: Options) => done(await (await import('./operate.ts')).trace(route, options, terminal)));
  findsAdmin(program.command('doctor').description('Looks for what is in the way: configuration, routes, state folder, port, a running Mecha.'))
    .addHelpText('after', examples('mecha doctor', 'mecha doctor --json') + '\nExit codes: 0 fine, 1 something is in the way, 2 the configuration is wrong.\n')
    .action(async (options: Options) => done(await (await import('./doctor.ts')).doctor(options, terminal)));
}
