import type { Command } from 'commander';
import { Argument } from 'commander';
import type { Terminal } from './terminal.ts';
import { examples } from './options.ts';

/** The commands that editors, assistants and shells run. */
export function assistCommands(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command('lsp')
    .description('Speaks the language server protocol on standard input and output: for editors.')
    .option('--stdio', 'as editors pass it; there is no other way')
    .addHelpText('after', examples('mecha lsp', 'mecha lsp --stdio') + '\nExit codes: 0 the editor has ended it, 1 the editor hung up.\n')
    .action(async () => done(await (await import('./lsp.ts')).lsp(terminal)));
  program
    .command('mcp')
    .description('Speaks the Model Context Protocol on standard input and output: for AI assistants.')
    .addHelpText('after', examples('mecha mcp', 'claude mcp add mecha -- mecha mcp') + '\nExit codes: 0 the client has ended it, 1 no standard input.\n')
    .action(async () => done(await (await import('./mcp.ts')).mcp(terminal)));
  program
    .command('completion')
    .description('Prints the script with which a shell completes commands and options.')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .option('--json', 'as JSON')
    .addHelpText('after', examples('source <(mecha completion bash)', 'mecha completion fish > ~/.config/fish/completions/mecha.fish') + '\nExit codes: 0 fine, 2 no such shell.\n')
    .action(async (shell: string, options: Record<string, unknown>) => done((await import('./completion.ts')).completion(program, shell, options, terminal)));
}
