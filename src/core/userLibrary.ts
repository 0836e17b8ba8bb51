import { createRequire } from 'node:module';

export type Resolve = (name: string) => unknown;

const resolveHere: Resolve = (name) => createRequire(import.meta.url).resolve(name);

/** A library that does not come with this program: who uses the part that needs it installs it beside the program. Its name is not written out in an `import`, so that it stays out of the bundle. */
export class UserLibrary<Library> {
  readonly name: string;
  private readonly missing: string;
  private loaded: Promise<Library> | null = null;

  /** @param who needs the library, and why it does not come with the program @param range of its versions that fit */
  constructor(name: string, who: string, range: string) {
    this.name = name;
    this.missing = `${who}: install it beside it (\`npm install ${name}@${range}\`)`;
  }

  /** @throws Error that says how to install the library when it is not there */
  check(resolve: Resolve = resolveHere): void {
    try {
      resolve(this.name);
    } catch {
      throw new Error(this.missing);
    }
  }

  load(): Promise<Library> {
    return (this.loaded ??= this.imported());
  }

  private async imported(): Promise<Library> {
    return (await import(this.name)) as Library;
  }
}
