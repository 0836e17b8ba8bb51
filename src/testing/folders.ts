import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folders of tests, one after the other: each test finds an empty one. Most leave theirs empty; the next one gets it then, since to remove a
 * folder takes longer than many a test.
 */
export class TestFolders {
  private readonly root: string;
  private empty: string | null = null;

  /** `root` is a folder that its owner removes. */
  constructor(root: string) {
    this.root = root;
  }

  take(): string {
    const folder = this.empty ?? mkdtempSync(join(this.root, 'test-'));
    this.empty = null;
    return folder;
  }

  /** `isInUse`: something of the test may still be at work. */
  giveBack(folder: string, isInUse: boolean): void {
    if (!isInUse && isEmpty(folder)) this.empty = folder;
    else rmSync(folder, { recursive: true, force: true });
  }
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    // The test has removed it.
    return false;
  }
}
