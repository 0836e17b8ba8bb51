import type { Command, Option } from 'commander';
import type { Terminal } from './main.ts';

interface Node {
  /** Names from the program down, such as `get routes`; '' for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly Option[];
  readonly takesFiles: boolean;
  /** Words that its first argument is one of. */
  readonly choices: readonly string[];
}

function* nodesOf(command: Command, path = ''): Iterable<Node> {
  const commands = command.commands.filter((one) => one.name() !== 'help');
  yield {
    path,
    commands: commands.map((one) => ({ name: one.name(), description: one.description() })),
    options: command.options.filter(({ hidden }) => !hidden),
    takesFiles: command.registeredArguments.some((argument) => /^(paths|file|folder)$/.test(argument.name())),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  };
  for (const one of commands) yield* nodesOf(one, path === '' ? one.name() : `${path} ${one.name()}`);
}

const flagsOf = ({ long, short }: Option): string[] => [long, short].filter((flag): flag is string => flag != null);

/** A text in single quotes, as all three shells take it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const firstSentence = (text: string): string => text.split(/(?<=[.:;]) /)[0]!.replace(/[.:;]$/, '');

function bash(nodes: readonly Node[]): string {
  const subcommands = nodes.filter(({ commands }) => commands.length > 0);
  const choices = nodes.flatMap(({ path, options }) => options.flatMap((option) => (option.argChoices === undefined ? [] : flagsOf(option).map((flag) => ({ path, flag, words: option.argChoices! })))));
  const takesValue = nodes.flatMap(({ path, options }) => options.flatMap((option) => (option.required && option.argChoices === undefined ? flagsOf(option).map((flag) => `${path}:${flag}`) : [])));
  return `# Completion of mecha for bash: source <(mecha completion bash)
_mecha() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" word words="" files=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path/$word" in
${subcommands.map(({ path, commands }) => `      ${commands.map(({ name }) => quoted(`${path}/${name}`)).join('|')}) path="\${path:+$path }$word" ;;`).join('\n')}
    esac
  done
  case "$path:$prev" in
${choices.map(({ path, flag, words }) => `    ${quoted(`${path}:${flag}`)}) COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$cur")); return ;;`).join('\n')}
${takesValue.length === 0 ? '' : `    ${takesValue.map(quoted).join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;\n`}  esac
  case "$path" in
${nodes.map(({ path, commands, options, takesFiles, choices: first }) => `    ${quoted(path)}) words=${quoted([...commands.map(({ name }) => name), ...first, ...options.flatMap(flagsOf), '--help'].join(' '))}${takesFiles ? '; files=1' : ''} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [ -n "$files" ] && [ "\${cur#-}" = "$cur" ]; then COMPREPLY+=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _mecha mecha
`;
}

const described = (name: string, description: string): string => quoted(`${name.replaceAll(':', '\\:')}:${firstSentence(description)}`);

function zsh(nodes: readonly Node[]): string {
  const subcommands = nodes.filter(({ commands }) => commands.length > 0);
  return `#compdef mecha
# Completion of mecha for zsh: mecha completion zsh > "\${fpath[1]}/_mecha"
_mecha() {
  local at="" word prev="\${words[CURRENT-1]}"
  local -a names
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in
${subcommands.map(({ path, commands }) => `      ${commands.map(({ name }) => `(${quoted(`${path}/${name}`)})`).join('|').replaceAll(')|(', '|').replace(/^\(/, '').replace(/\)$/, '')}) at="\${at:+$at }$word" ;;`).join('\n')}
    esac
  done
  case "$at:$prev" in
${nodes.flatMap(({ path, options }) => options.flatMap((option) => (option.argChoices === undefined ? [] : flagsOf(option).map((flag) => `    ${quoted(`${path}:${flag}`)}) compadd -- ${option.argChoices!.map(quoted).join(' ')}; return ;;`)))).join('\n')}
  esac
  case "$at" in
${nodes
  .map(({ path, commands, options, takesFiles, choices }) => {
    const items = [...commands.map(({ name, description }) => described(name, description)), ...choices.map(quoted), ...options.flatMap((option) => flagsOf(option).map((flag) => described(flag, option.description)))];
    return `    ${quoted(path)}) names=(${items.join(' ')})${takesFiles ? '; _files' : ''} ;;`;
  })
  .join('\n')}
  esac
  _describe 'mecha' names
}
if [ "$funcstack[1]" = "_mecha" ]; then _mecha "$@"; else compdef _mecha mecha; fi
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = ['# Completion of mecha for fish: mecha completion fish > ~/.config/fish/completions/mecha.fish', 'complete -c mecha -f'];
  for (const { path, commands, options, takesFiles, choices } of nodes) {
    const parts = path === '' ? [] : path.split(' ');
    const seen = parts.map((part) => `__fish_seen_subcommand_from ${part}`);
    const not = commands.length === 0 ? [] : [`not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}`];
    const condition = (list: readonly string[]): string => (list.length === 0 ? '' : ` -n ${quoted(list.join('; and '))}`);
    for (const { name, description } of commands) lines.push(`complete -c mecha${condition([...seen, ...not])} -a ${name} -d ${quoted(firstSentence(description))}`);
    if (choices.length > 0) lines.push(`complete -c mecha${condition(seen)} -a ${quoted(choices.join(' '))}`);
    if (takesFiles) lines.push(`complete -c mecha${condition(seen)} -F`);
    for (const option of options) {
      const flags = `${option.long == null ? '' : ` -l ${option.long.replace(/^--/, '')}`}${option.short == null ? '' : ` -s ${option.short.replace(/^-/, '')}`}`;
      const value = option.argChoices !== undefined ? ` -x -a ${quoted(option.argChoices.join(' '))}` : option.required ? ' -r' : '';
      lines.push(`complete -c mecha${condition([...seen, ...(parts.length === 0 ? not : [])])}${flags}${value} -d ${quoted(firstSentence(option.description))}`);
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
