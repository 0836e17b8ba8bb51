import { CommanderError, InvalidArgumentError } from 'commander';

/** Collects a repeatable option such as `--property key=value`. */
export const pairs =
  (option: string, form: string) =>
  (text: string, before: Record<string, string>): Record<string, string> => {
    const at = text.indexOf('=');
    if (at <= 0) throw new CommanderError(2, 'mecha.property', `error: --${option} wants ${form}, not \`${text}\``);
    return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
  };

export const keyValue = pairs('property', 'key=value');

/** A profile is a property like others; its own option wherever `--property` is. */
export const profile = ['--profile <name>', 'reads application-<name>.properties, too; its properties win over those of application.properties'] as const;

/** A whole number between two others. */
export const whole =
  (least: number, most: number) =>
  (text: string): number => {
    if (!/^\d+$/.test(text) || Number(text) < least || Number(text) > most) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return Number(text);
  };

export const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
