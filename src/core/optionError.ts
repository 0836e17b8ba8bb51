/**
 * What the code of a step, a data format or a connector throws, while routes are compiled, when it can't work with an option: it is shown
 * where the option stands. The message stands alone ("`delimiter` is one character, not `;;`"), `help` says what to write instead.
 */
export class OptionError extends Error {
  /** Names of options in the order of their weight: the first one that was written is pointed at; where none was, the part itself is. */
  readonly options: readonly string[];
  readonly help: string | null;
  readonly code: 'M0205' | 'M0206' | 'M0316';

  constructor(options: string | readonly string[], message: string, help: string | null = null, code: 'M0205' | 'M0206' | 'M0316' = 'M0205') {
    super(message);
    this.options = typeof options === 'string' ? [options] : options;
    this.help = help;
    this.code = code;
  }
}

/** An option that the part can't do without. */
export const missingOption = (message: string, help: string): OptionError => new OptionError([], message, help, 'M0206');

/** Options of which one must go: the second is pointed at. */
export const exclusiveOptions = (one: string, other: string, help = 'keep one of them'): OptionError => new OptionError([other, one], `\`${one}\` and \`${other}\` exclude each other`, help, 'M0316');

export const noType = (type: string): OptionError => new OptionError('type', `there is no type \`${type}\``, 'write `String`, `byte[]`, `int`, `java.util.Map` or another class of Java or Camel by its full name');

export const oneCharacter = (option: string, given: string): OptionError => new OptionError(option, `\`${option}\` is one character, not \`${given}\``, `write \`${option}: ";"\`, or another`);
