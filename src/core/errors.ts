/**
 * Everything that can go wrong, as one closed union, and the one place that turns it into a line for a person.
 */

/** A command line that cannot be understood: unknown flag, bad value, missing argument. */
export interface UsageError {
  readonly _tag: 'Usage';
  /** What is wrong, naming the word as it was typed. */
  readonly message: string;
  /** What to type instead; a full sentence or command. */
  readonly hint?: string;
}

/** Something named by the user that does not exist. */
export interface NotFoundError {
  readonly _tag: 'NotFound';
  readonly kind: 'container' | 'image' | 'object' | 'network' | 'volume' | 'file' | 'directory' | 'device' | 'program';
  readonly name: string;
  readonly hint?: string;
}

/** A name, address or port that something else holds. */
export interface ConflictError {
  readonly _tag: 'Conflict';
  readonly message: string;
  readonly hint?: string;
}

/** What cannot be done here (without root, on this kernel, in this mode); the sentence names reason and way round. */
export interface RefusedError {
  readonly _tag: 'Refused';
  readonly message: string;
  readonly hint?: string;
}

/** A record or blob on disk, or an answer over the wire, that does not decode or verify. */
export interface CorruptError {
  readonly _tag: 'Corrupt';
  /** Path, URL or digest of what was read. */
  readonly subject: string;
  readonly reason: string;
  readonly hint?: string;
}

/** An archive, image or file from outside that tries something it must not. */
export interface HostileError {
  readonly _tag: 'Hostile';
  readonly subject: string;
  readonly reason: string;
}

/** A host program or kernel feature that has to be there. `package` is the Debian package that has it. */
export interface MissingError {
  readonly _tag: 'Missing';
  readonly program: string;
  readonly package: string;
  /** What it was needed for, completing "needed to …". */
  readonly purpose: string;
}

/** A system call or child process that failed. */
export interface SystemError {
  readonly _tag: 'System';
  /** What was being done, completing "cannot …". */
  readonly operation: string;
  readonly subject: string;
  /** The errno name (`ENOSPC`) or the child's own words. */
  readonly reason: string;
  readonly hint?: string;
}

/** A container's command that could not be started; `code` is 126 or 127 as in Docker. */
export interface CommandError {
  readonly _tag: 'Command';
  readonly message: string;
  readonly code: 126 | 127;
}

export type SkiffError =
  | UsageError
  | NotFoundError
  | ConflictError
  | RefusedError
  | CorruptError
  | HostileError
  | MissingError
  | SystemError
  | CommandError;

const withHint = (line: string, hint: string | undefined): string => (hint === undefined ? line : `${line}; ${hint}`);

/** The error as one line without a trailing newline, without control characters, and without the `skiff: ` prefix. */
export const renderError = (error: SkiffError): string => printable(sentence(error));

const sentence = (error: SkiffError): string => {
  switch (error._tag) {
    case 'Usage':
    case 'Conflict':
    case 'Refused':
      return withHint(error.message, error.hint);
    case 'NotFound':
      return withHint(`no such ${error.kind}: ${error.name}`, error.hint);
    case 'Corrupt':
      return withHint(`${error.subject} is damaged: ${error.reason}`, error.hint);
    case 'Hostile':
      return `refusing ${error.subject}: ${error.reason}`;
    case 'Missing':
      return `${error.program} is needed to ${error.purpose}; ask an administrator to run: apt-get install ${error.package}`;
    case 'System':
      return withHint(`cannot ${error.operation} ${error.subject}: ${error.reason}`, error.hint);
    case 'Command':
      return error.message;
  }
};

/** Control characters from images and archives must not reach a terminal: each becomes `\xNN`. */
export const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Docker's exit codes: 125 for our own failures, 126 and 127 for a command that cannot be started. */
export const exitCodeOf = (error: SkiffError): number => (error._tag === 'Command' ? error.code : 125);

/** Carries a SkiffError through code that throws; converted back at the folder's edge by `toSkiffError`. */
export class SkiffFailure extends Error {
  readonly error: SkiffError;
  constructor(error: SkiffError) {
    super(renderError(error));
    this.name = 'SkiffFailure';
    this.error = error;
  }
}

/** Throws `error`; the statement form for the plain async code inside a folder. */
export const fail = (error: SkiffError): never => {
  throw new SkiffFailure(error);
};

/** Reasons why a lock or work in progress, which only Skiff knows of, cannot be made: then it is told of their directory. */
const unwritable = new Set(['EACCES', 'EPERM', 'EROFS']);
const writableHint = 'point SKIFF_ROOT or --root at a directory that you can write';

/** What a caught value means: a carried SkiffError as it is, an errno error as `System`, anything else is re-thrown as a bug. */
export const toSkiffError =
  (operation: string, subject: string) =>
  (caught: unknown): SkiffError => {
    if (caught instanceof SkiffFailure) return caught.error;
    const code = caught instanceof Error ? (caught as NodeJS.ErrnoException).code : undefined;
    if (code === undefined) throw caught;
    const path = (caught as NodeJS.ErrnoException).path;
    const [, directory] = /^(.*)\/\.(?:tmp-[^/]*|lock)$/.exec(path ?? '') ?? [];
    if (directory !== undefined && unwritable.has(code)) return { _tag: 'System', operation: 'write in', subject: directory, reason: explainErrno(code), hint: writableHint };
    return { _tag: 'System', operation, subject: path ?? subject, reason: explainErrno(code), ...hintFor(code) };
  };

const explanations: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'your disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'it does not exist',
  EEXIST: 'it exists already',
  ENOTDIR: 'it is not a directory',
  EISDIR: 'it is a directory',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
};

/** An errno name in words; the name itself where no better words are known. */
export const explainErrno = (code: string): string => explanations[code] ?? code;

const hintFor = (code: string): { hint?: string } =>
  code === 'ENOSPC' || code === 'EDQUOT' ? { hint: 'free some space, or point SKIFF_ROOT at another disk' } : {};
