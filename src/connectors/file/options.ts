import { field } from '../../core/field.ts';
import { pollOptions } from '../../core/schedule/polling.ts';

const level = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF'] as const;
const locks = ['none', 'markerFile', 'fileLock', 'rename', 'changed', 'idempotent', 'idempotent-changed', 'idempotent-rename'] as const;
const sorts = ['true', 'false', 'name', '-name', 'modified', '-modified', 'size', '-size'] as const;
export const fileOptions = {
  directoryName: field.string('Folder to read from or to write to; a relative one starts at the base folder of the runtime.').required().inPath(),

  // Both ends
  charset: field.string('Charset of the content; UTF-8 when there is none.'),
  doneFileName: field.string('File that says that another one is ready: the consumer waits for it, the producer writes it last. May hold ${file:name} or ${file:name.noext}.'),
  fileName: field.string('Consumer: the one file to take. Producer: name to write to, an expression; goes before the header CamelFileName.'),
  jailStartingDirectory: field.boolean('Neither reads nor writes outside the folder, through links neither.').default(true),
  autoCreate: field.boolean('Makes folders that are not there: the starting one, and those of written files. Folders that handled files move to are made in any case.').default(true),
  autoCreateStepwise: field.boolean('Makes nested folders one by one.').default(false).ignored('folders are always made one by one where needed'),
  browseLimit: field.count('Files kept for browsing.').default(100).ignored('the folder itself is what there is to browse'),
  bufferSize: field.bytes('Size of the pieces in which streams are written.').default(131_072).atLeast(1),
  copyAndDeleteOnRenameFail: field.boolean('Copies and deletes where renaming does not work (between file systems).').default(true),
  renameUsingCopy: field.boolean('Always copies and deletes instead of renaming.').default(false),
  synchronous: field.boolean('Works in the thread of the poll.').default(false).ignored('files are taken one after the other'),

  // Consumer: what happens to the file
  delete: field.boolean('Deletes a file that was handled.').default(false),
  move: field.string('Where a handled file goes: a folder beside it, or an expression; `.camel` when nothing is said.'),
  moveFailed: field.string('Where a file goes whose message failed: a folder beside it, or an expression. Without it, what no error handler takes is kept in the dead letters.'),
  noop: field.boolean('Leaves handled files where they are, and remembers them (idempotent).').default(false),
  preMove: field.string('Where a file goes before it is handled: a folder beside it, or an expression.'),

  // Consumer: which files
  recursive: field.boolean('Looks into folders below, too.').default(false),
  minDepth: field.count('Depth at which files begin to count; 1 is the folder itself.').default(0),
  maxDepth: field.count('Depth down to which folders are looked into; 1 is the folder itself.').default(2_147_483_647),
  include: field.string('Regular expression that the whole file name matches, letter case aside.'),
  exclude: field.string('Regular expression of file names to leave out, letter case aside.'),
  includeExt: field.string('File name extensions to take, with commas between them.'),
  excludeExt: field.string('File name extensions to leave out, with commas between them.'),
  antInclude: field.string('Ant patterns (`**/*.txt`) of paths below the folder to take, with commas between them.'),
  antExclude: field.string('Ant patterns of paths below the folder to leave out; they win.'),
  antFilterCaseSensitive: field.boolean('Letter case counts in Ant patterns.').default(true),
  includeHiddenDirs: field.boolean('Looks into folders whose name begins with a dot, too.').default(false),
  includeHiddenFiles: field.boolean('Takes files whose name begins with a dot, too.').default(false),
  filter: field.string('Bean that decides about a file: a function, or `accept`, of {name, path, length, lastModified}.'),
  filterFile: field.string('Condition in the Simple language that a file must meet: `${file:size} > 5000`.'),
  filterDirectory: field.string('Condition in the Simple language that a folder must meet to be looked into.'),
  idempotent: field.boolean('Skips files that were handled before; with `noop` it does so unless this says false.'),
  idempotentEager: field.boolean('Remembers a file when it is taken; else when it was handled.').default(true),
  idempotentKey: field.string('What a file is remembered by, an expression; its absolute path when nothing is said.'),
  idempotentRepository: field.string('Bean that remembers the files; in memory when nothing is said.'),
  inProgressRepository: field.string('Bean that remembers which files are in progress; in memory when nothing is said.'),
  maxMessagesPerPoll: field.integer('Most files of one poll; 0 for all.').default(0),
  eagerMaxMessagesPerPoll: field.boolean('Looks for no more files than maxMessagesPerPoll; else sorts them all first.').default(true),
  directoryMustExist: field.boolean('A poll fails when the folder is not there.').default(false),
  startingDirectoryMustExist: field.boolean('The route does not start when the folder is not there.').default(false),
  startingDirectoryMustHaveAccess: field.boolean('The route does not start when the folder can not be read and written (with startingDirectoryMustExist).').default(false),

  // Consumer: in which order
  preSort: field.enum('Order in which a folder is read.', sorts).default('false'),
  shuffle: field.boolean('Takes the files of a poll in random order.').default(false),
  sortBy: field.string('Order of the files of a poll: `file:name`, `reverse:file:modified`, `ignoreCase:file:name`, several with `;` between them.'),
  sorter: field.string('Bean that compares two files: a function, or `compare`, of {name, path, length, lastModified}.'),

  // Consumer: locks
  readLock: field.enum('How to make sure that nobody else writes or takes the file.', locks).default('none'),
  readLockCheckInterval: field.millis('Wait between looks at a file that is not ready.').default(1000),
  readLockDeleteOrphanLockFiles: field.boolean('Removes lock files of a crash at the start.').default(true),
  readLockIdempotentReleaseAsync: field.boolean('Releases in the background.').default(false).ignored('a release never holds anything up'),
  readLockIdempotentReleaseAsyncPoolSize: field.count('Threads that release.').ignored('there are no thread pools here'),
  readLockIdempotentReleaseDelay: field.millis('Keeps the key so much longer.').default(0),
  readLockIdempotentReleaseExecutorService: field.string('Bean that is the thread pool which releases.').ignored('there are no thread pools here'),
  readLockLoggingLevel: field.enum('Level of the line about a file that could not be locked.', level).default('DEBUG'),
  readLockMarkerFile: field.boolean('Writes a lock file beside the file, too.').default(true),
  readLockMinAge: field.millis('Age that a file must have (changed).').default(0),
  readLockMinLength: field.count('Length that a file must have, in bytes (changed).').default(1),
  readLockRemoveOnCommit: field.boolean('Forgets the key of a handled file (idempotent).').default(false),
  readLockRemoveOnRollback: field.boolean('Forgets the key of a failed file (idempotent).').default(true),
  readLockTimeout: field.millis('How long to try; 0 for ever.').default(10_000),
  exclusiveReadLockStrategy: field.string('Bean that is the lock.').ignored('readLock names the locks that there are'),
  processStrategy: field.string('Bean that moves files.').ignored('move, delete, noop and readLock say what happens'),

  // Consumer: the message
  extendedAttributes: field.string('Attributes to put into the header CamelFileExtendedAttributes: `posix:permissions,basic:lastAccessTime`, `posix:*`.'),
  probeContentType: field.boolean('Sets the header CamelFileContentType by the extension of the name.').default(false),
  localWorkDirectory: field.string('Folder for local copies.').ignored('files are local already, and are read when somebody asks'),
  onCompletionExceptionHandler: field.string('Bean that is told errors of moving a file.').ignored('they are logged, and the move is tried again'),
  ...pollOptions,

  // Producer
  allowNullBody: field.boolean('Writes an empty file for a null body, which is an error else.').default(false),
  appendChars: field.string('Text after the content, with fileExist=Append: `\\n`, `\\r`, `\\t` stand for themselves.'),
  checksumFileAlgorithm: field.string('Digest of what was written, for the header CamelFileChecksum: `MD5`, `SHA-1`, `SHA-256`, `SHA-512`, `SHA3-256` and the like. The name of the file beside it ends as the digest is written here.'),
  checksumWriteFile: field.boolean('Writes the digest into a file beside it, too.').default(true),
  chmod: field.string('Permissions of the file, octal: `640`.'),
  chmodDirectory: field.string('Permissions of folders that are made, octal.'),
  eagerDeleteTargetFile: field.boolean('With fileExist=Move: replaces an older file where the old one goes; else that is an error. A written file always replaces the old one in one step.').default(true),
  fileExist: field.enum('What to do when the file is there already.', ['Override', 'Append', 'Fail', 'Ignore', 'Move', 'TryRename']).default('Override'),
  flatten: field.boolean('Leaves folders out of the name.').default(false),
  forceWrites: field.boolean('Waits until the content is safely on the disk. (Off in Camel.)').default(true),
  keepLastModified: field.boolean('Gives the file the time of the header CamelFileLastModified.').default(false),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  moveExisting: field.string('Where the old file goes with fileExist=Move: a folder beside it, or an expression.'),
  moveExistingFileStrategy: field.string('Bean that names the old file.').ignored('moveExisting takes any expression'),
  tempFileName: field.string('Name while the file is written, an expression, beside the file.'),
  tempPrefix: field.string('What stands before the name while the file is written.'),
};
