import type { Command, Option } from 'commander';
import { codes } from '../dsl/codes.ts';
import { catalog as entries } from '../dsl/catalog.ts';
import { standardParts } from '../runtime/standard.ts';
import type { Terminal } from './terminal.ts';

interface Flag {
  /** As written: `--format`, `-V`. */
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** What its value is one of; none: a file or anything. */
  readonly words: readonly string[];
}

interface Node {
  /** Names from the program down, such as `get routes`; '' for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly flags: readonly Flag[];
  readonly takesFiles: boolean;
  /** Words that its first argument is one of. */
  readonly choices: readonly string[];
}

/** Words that the definitions know, by what commands call them in their help. */
const known: Readonly<Record<string, () => readonly string[]>> = {
  name: () => [...new Set(entries(standardParts).map(({ name }) => name))].sort(),
  code: () => Object.keys(codes),
  language: () => Object.keys(standardParts.languages).sort(),
};

const flagOf = ({ long, short, description, required, argChoices, flags }: Option): Flag => ({
  names: [long, short].filter((flag): flag is string => flag != null),
  description,
  takesValue: required,
  words: argChoices ?? known[/<(\w+)>/.exec(flags)?.[1] ?? '']?.() ?? [],
});

const help: Flag = { names: ['--help', '-h'], description: 'tells what it does, with examples', takesValue: false, words: [] };

function* nodesOf(command: Command, path = ''): Iterable<Node> {
  const commands = command.commands.filter((one) => one.name() !== 'help');
  const [first] = command.registeredArguments;
  yield {
    path,
    commands: commands.map((one) => ({ name: one.name(), description: one.description() })),
    flags: [...command.options.filter(({ hidden }) => !hidden).map(flagOf), help],
    takesFiles: command.registeredArguments.some((argument) => /^(paths|file|folder)$/.test(argument.name())),
    choices: first?.argChoices ?? known[first?.name() ?? '']?.() ?? [],
  };
  for (const one of commands) yield* nodesOf(one, path === '' ? one.name() : `${path} ${one.name()}`);
}

/** Arms of a `case` for the options that take a value. */
const arms = (nodes: readonly Node[], body: (words: readonly string[]) => string, arm: (patterns: string, body: string) => string): string =>
  nodes.flatMap(({ path, flags }) => flags.filter(({ takesValue }) => takesValue).map(({ names, words }) => arm(names.map((name) => quoted(`${path}:${name}`)).join('|'), body(words)))).join('\n');

/** Commands that have commands, as patterns of a `case`: where the line has got to, and the next word. */
const steps = (nodes: readonly Node[]): string[] => nodes.filter(({ commands }) => commands.length > 0).map(({ path, commands }) => commands.map(({ name }) => quoted(`${path}/${name}`)).join('|'));

/** A text in single quotes, as the shells take it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const firstSentence = (text: string): string => text.split(/(?<=[.:;]) /)[0]!.replace(/[.:;]$/, '');

function bash(nodes: readonly Node[]): string {
  return `# Completion of mecha for bash: source <(mecha completion bash)
_mecha() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" word words="" files=""
  # \`--format=json\` comes as three words.
  if [ "$cur" = "=" ]; then cur=""; elif [ "$prev" = "=" ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path/$word" in
${steps(nodes).map((patterns) => `      ${patterns}) path="\${path:+$path }$word" ;;`).join('\n')}
    esac
  done
  case "$path:$prev" in
${arms(nodes, (words) => (words.length === 0 ? 'compgen -f -- "$cur"' : `compgen -W ${quoted(words.join(' '))} -- "$cur"`), (patterns, body) => `    ${patterns}) COMPREPLY=($(${body})); return ;;`)}
  esac
  case "$path" in
${nodes.map(({ path, commands, flags, takesFiles, choices }) => `    ${quoted(path)}) words=${quoted([...commands.map(({ name }) => name), ...choices, ...flags.flatMap(({ names }) => names)].join(' '))}${takesFiles ? '; files=1' : ''} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [ -n "$files" ] && [ "\${cur#-}" = "$cur" ]; then COMPREPLY+=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _mecha mecha
`;
}

const described = (name: string, description: string): string => quoted(`${name.replaceAll(':', '\\:')}:${firstSentence(description)}`);

function zsh(nodes: readonly Node[]): string {
  return `#compdef mecha
# Completion of mecha for zsh: mecha completion zsh > "\${fpath[1]}/_mecha"
_mecha() {
  local at="" word prev="\${words[CURRENT-1]}"
  local -a names
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in
${steps(nodes).map((patterns) => `      ${patterns}) at="\${at:+$at }$word" ;;`).join('\n')}
    esac
  done
  if compset -P '--*='; then prev="\${IPREFIX%=}"; fi
  case "$at:$prev" in
${arms(nodes, (words) => (words.length === 0 ? '_files' : `compadd -- ${words.map(quoted).join(' ')}`), (patterns, body) => `    ${patterns}) ${body}; return ;;`)}
  esac
  case "$at" in
${nodes
  .map(({ path, commands, flags, takesFiles, choices }) => {
    const items = [...commands.map(({ name, description }) => described(name, description)), ...flags.flatMap(({ names, description }) => names.map((name) => described(name, description)))];
    return `    ${quoted(path)}) names=(${items.join(' ')})${takesFiles ? '; _files' : ''}${choices.length > 0 ? `; compadd -- ${choices.map(quoted).join(' ')}` : ''} ;;`;
  })
  .join('\n')}
  esac
  _describe 'mecha' names
}
if [ "$funcstack[1]" = "_mecha" ]; then _mecha "$@"; else compdef _mecha mecha; fi
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = [
    '# Completion of mecha for fish: mecha completion fish > ~/.config/fish/completions/mecha.fish',
    '# Whether the line has got to one of these commands.',
    'function __mecha_at',
    "    set -l at ''",
    '    for word in (commandline -opc)[2..-1]',
    '        switch "$at/$word"',
    ...steps(nodes).map((patterns) => `            case ${patterns.replaceAll('|', ' ')}\n                set at (string trim -- "$at $word")`),
    '        end',
    '    end',
    '    contains -- "$at" $argv',
    'end',
    'complete -c mecha -e',
    // Rules that offer files would do so for values of options, too: where files can stand, none is taken away.
    `complete -c mecha -n ${quoted(`__mecha_at ${nodes.filter(({ takesFiles }) => !takesFiles).map(({ path }) => quoted(path)).join(' ')}`)} -f`,
  ];
  for (const { path, commands, flags, choices } of nodes) {
    const rule = `complete -c mecha -n ${quoted(`__mecha_at ${quoted(path)}`)}`;
    for (const { name, description } of commands) lines.push(`${rule} -a ${name} -d ${quoted(firstSentence(description))}`);
    if (choices.length > 0) lines.push(`${rule} -a ${quoted(choices.join(' '))}`);
    for (const { names, description, takesValue, words } of flags) {
      const written = names.map((name) => ` ${name.startsWith('--') ? '-l' : '-s'} ${name.replace(/^-+/, '')}`).join('');
      lines.push(`${rule}${written}${words.length > 0 ? ` -x -a ${quoted(words.join(' '))}` : takesValue ? ' -r -F' : ''} -d ${quoted(firstSentence(description))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const writers: Readonly<Record<string, (nodes: readonly Node[]) => string>> = { bash, zsh, fish };
export const shells: readonly string[] = Object.keys(writers);

/** Prints the script with which a shell completes commands and options; it comes from the commands themselves. */
export function completion(program: Command, shell: string, options: Readonly<Record<string, unknown>>, terminal: Terminal): number {
  const script = writers[shell]!([...nodesOf(program)]);
  terminal.out.write(options['json'] === true ? `${JSON.stringify({ shell, script })}\n` : script);
  return 0;
}
