/** Reads a user's seccomp profile: Docker's form (archMap, includes, excludes) or the OCI runtime spec's. */
import { closeSync, constants as fsConstants, fstatSync, openSync, readSync } from 'node:fs';
import { constants } from 'node:os';
import * as E from 'fp-ts/Either';
import type { Either } from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as t from 'io-ts';
import type { SkiffError } from '../core/errors.ts';
import { SkiffFailure, fail } from '../core/errors.ts';
import type { SeccompAction, SeccompComparison, SeccompCondition, SeccompOperator, SeccompProfile, SeccompRule } from './seccomp.ts';

/** The largest profile that is read, in bytes. */
export const maxProfileBytes = 1024 * 1024;

const nullable = <C extends t.Mixed>(codec: C): t.UnionC<[C, t.NullC, t.UndefinedC]> => t.union([codec, t.null, t.undefined]);
const strings = nullable(t.array(t.string));

const Condition = nullable(t.partial({ caps: strings, arches: strings, minKernel: nullable(t.string) }));

const Argument = t.intersection([
  t.type({ index: t.number, value: t.number, op: t.string }),
  t.partial({ valueTwo: nullable(t.number) }),
]);

const Syscall = t.intersection([
  t.type({ action: t.string }),
  t.partial({
    name: nullable(t.string),
    names: strings,
    args: nullable(t.array(Argument)),
    errnoRet: nullable(t.number),
    errno: nullable(t.string),
    includes: Condition,
    excludes: Condition,
  }),
]);

const ArchMap = t.intersection([t.type({ architecture: t.string }), t.partial({ subArchitectures: strings })]);

const Profile = t.intersection([
  t.type({ defaultAction: t.string }),
  t.partial({
    defaultErrnoRet: nullable(t.number),
    defaultErrno: nullable(t.string),
    architectures: strings,
    archMap: nullable(t.array(ArchMap)),
    flags: strings,
    listenerPath: nullable(t.string),
    listenerMetadata: nullable(t.string),
    syscalls: nullable(t.array(Syscall)),
  }),
]);

/**
 * The profile in `text`, which came from `subject` (a path, for messages). `nativeArch` picks the line of `archMap`.
 * Errors: Corrupt for what is no profile, says where; Refused for what a filter without a supervising process cannot do.
 */
export const decodeProfile = (text: string, subject: string, nativeArch: string): Either<SkiffError, SeccompProfile> =>
  pipe(
    parseJson(text, subject),
    E.flatMap((json) => E.mapLeft((errors: t.Errors) => corrupt(subject, describe(errors)))(Profile.decode(json))),
    E.flatMap((raw) => E.tryCatch(() => toProfile(raw, subject, nativeArch), carriedError)),
  );

/**
 * The profile in the file at `path`. Throws SkiffFailure: NotFound, Corrupt (also when larger than maxProfileBytes) and
 * Refused as decodeProfile(); errno errors otherwise.
 */
export const readProfile = (path: string, nativeArch: string): SeccompProfile => {
  const profile = decodeProfile(readBounded(path), path, nativeArch);
  return E.isLeft(profile) ? fail(profile.left) : profile.right;
};

const readBounded = (path: string): string => {
  const fd = openProfile(path);
  try {
    if (!fstatSync(fd).isFile()) fail(corrupt(path, 'it is not a regular file'));
    const buffer = Buffer.alloc(maxProfileBytes + 1);
    let size = 0;
    for (let got = -1; got !== 0 && size < buffer.length; size += got) got = readSync(fd, buffer, size, buffer.length - size, null);
    if (size > maxProfileBytes) fail(corrupt(path, `it is larger than ${maxProfileBytes / 1024} KiB`));
    return buffer.toString('utf8', 0, size);
  } finally {
    closeSync(fd);
  }
};

/** O_NONBLOCK: a FIFO must not hold us up. */
const openProfile = (path: string): number => {
  try {
    return openSync(path, fsConstants.O_RDONLY | fsConstants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return fail({ _tag: 'NotFound', kind: 'file', name: path, hint: 'it was named by --security-opt seccomp=' });
  }
};

const corrupt = (subject: string, reason: string): SkiffError => ({ _tag: 'Corrupt', subject: `seccomp profile ${subject}`, reason });

const refused = (subject: string, what: string): SkiffError => ({
  _tag: 'Refused',
  message: `seccomp profile ${subject}: ${what}`,
  hint: 'take it out of the profile',
});

const carriedError = (caught: unknown): SkiffError => {
  if (caught instanceof SkiffFailure) return caught.error;
  throw caught;
};

const parseJson = (text: string, subject: string): Either<SkiffError, unknown> =>
  E.tryCatch(
    () => JSON.parse(text) as unknown,
    (error) => corrupt(subject, error instanceof Error ? error.message.slice(0, 200) : 'it is not JSON'),
  );

/** Where the deepest of the errors is: `syscalls.3.action`. */
const describe = (errors: t.Errors): string => {
  const deepest = errors.reduce((best, error) => (error.context.length > best.context.length ? error : best), errors[0] as t.ValidationError);
  const keys = deepest.context.map((entry) => entry.key).filter((key) => key !== '');
  /* The codecs of intersections and unions show up in the context as numbered branches; only the names and the last index help. */
  const where = keys.filter((key, i) => !/^\d+$/.test(key) || /^(syscalls|archMap|args|names|caps|arches|architectures)$/.test(keys[i - 1] ?? ''));
  return `${where.length === 0 ? 'the document' : where.join('.')} is missing or of the wrong type`;
};

const toProfile = (raw: t.TypeOf<typeof Profile>, subject: string, nativeArch: string): SeccompProfile => {
  if ((raw.listenerPath ?? '') !== '' || (raw.listenerMetadata ?? '') !== '') fail(refused(subject, 'a listener needs a daemon, and there is none'));
  for (const flag of raw.flags ?? []) checkFlag(flag, subject);
  if ((raw.architectures ?? []).length > 0 && (raw.archMap ?? []).length > 0)
    fail(corrupt(subject, 'it has both architectures and archMap'));
  return {
    defaultAction: toAction(raw.defaultAction, toErrno(raw.defaultErrnoRet, raw.defaultErrno, subject), subject),
    architectures: toArchitectures(raw, nativeArch),
    rules: (raw.syscalls ?? []).map((call) => toRule(call, subject)),
  };
};

/** TSYNC means nothing to the single thread that installs a filter, and SPEC_ALLOW only forgoes a mitigation. */
const checkFlag = (flag: string, subject: string): void => {
  if (flag !== 'SECCOMP_FILTER_FLAG_TSYNC' && flag !== 'SECCOMP_FILTER_FLAG_SPEC_ALLOW') fail(refused(subject, `flag ${flag} cannot be set here`));
};

const archName = (name: string): string => name.replace(/^SCMP_ARCH_/, '').toLowerCase();

const toArchitectures = (raw: t.TypeOf<typeof Profile>, nativeArch: string): readonly string[] | undefined => {
  const listed = raw.architectures ?? [];
  if (listed.length > 0) return listed.map(archName);
  const mine = (raw.archMap ?? []).find((entry) => archName(entry.architecture) === nativeArch);
  return [nativeArch, ...(mine?.subArchitectures ?? []).map(archName)];
};

const toRule = (raw: t.TypeOf<typeof Syscall>, subject: string): SeccompRule => {
  const names = [...(raw.names ?? []), ...(raw.name == null || raw.name === '' ? [] : [raw.name])];
  if (names.length > 1 && raw.name != null && raw.name !== '') fail(corrupt(subject, `it has both name and names for ${raw.name}`));
  for (const name of names) if (!/^[a-z0-9_]{1,63}$/.test(name)) fail(corrupt(subject, `'${name.slice(0, 40)}' is not a system call's name`));
  return {
    names,
    action: toAction(raw.action, toErrno(raw.errnoRet, raw.errno, subject), subject),
    comparisons: (raw.args ?? []).map((arg) => toComparison(arg, subject)),
    includes: toCondition(raw.includes, subject),
    excludes: toCondition(raw.excludes, subject),
  };
};

const toCondition = (raw: t.TypeOf<typeof Condition>, subject: string): SeccompCondition => {
  const minKernel = raw?.minKernel == null || raw.minKernel === '' ? undefined : raw.minKernel;
  if (minKernel !== undefined && !/^\d{1,4}\.\d{1,4}$/.test(minKernel)) fail(corrupt(subject, `minKernel '${minKernel.slice(0, 40)}' is not like 4.8`));
  return { capabilities: raw?.caps ?? [], architectures: raw?.arches ?? [], minKernel };
};

/** podman writes the name (`errno`) beside the number (`errnoRet`); EPERM where neither is given. */
const toErrno = (value: number | null | undefined, name: string | null | undefined, subject: string): number => {
  if (value != null) return value;
  if (name == null || name === '') return constants.errno.EPERM;
  const known: Readonly<Record<string, number>> = constants.errno;
  return known[name] ?? fail(corrupt(subject, `errno '${name.slice(0, 40)}' is not known`));
};

const plainActions: Readonly<Record<string, SeccompAction>> = {
  SCMP_ACT_ALLOW: { kind: 'allow' },
  SCMP_ACT_LOG: { kind: 'log' },
  SCMP_ACT_TRAP: { kind: 'trap' },
  SCMP_ACT_KILL: { kind: 'kill-thread' },
  SCMP_ACT_KILL_THREAD: { kind: 'kill-thread' },
  SCMP_ACT_KILL_PROCESS: { kind: 'kill-process' },
};

const toAction = (name: string, value: number, subject: string): SeccompAction => {
  const plain = Object.hasOwn(plainActions, name) ? plainActions[name] : undefined;
  if (plain !== undefined) return plain;
  if (name === 'SCMP_ACT_NOTIFY') return fail(refused(subject, 'SCMP_ACT_NOTIFY needs a supervising process, and there is none'));
  if (name !== 'SCMP_ACT_ERRNO' && name !== 'SCMP_ACT_TRACE') return fail(corrupt(subject, `action '${name.slice(0, 40)}' is not known`));
  const kind = name === 'SCMP_ACT_ERRNO' ? 'errno' : 'trace';
  /* MAX_ERRNO of the kernel; the tracer's message has 16 bits. */
  if (!Number.isInteger(value) || value < 0 || value > (kind === 'errno' ? 4095 : 0xffff)) fail(corrupt(subject, `${value} is not an ${kind} value`));
  return { kind, value };
};

const operators: Readonly<Record<string, SeccompOperator>> = {
  SCMP_CMP_NE: 'ne',
  SCMP_CMP_LT: 'lt',
  SCMP_CMP_LE: 'le',
  SCMP_CMP_EQ: 'eq',
  SCMP_CMP_GE: 'ge',
  SCMP_CMP_GT: 'gt',
  SCMP_CMP_MASKED_EQ: 'masked_eq',
};

const toComparison = (raw: t.TypeOf<typeof Argument>, subject: string): SeccompComparison => {
  const operator = Object.hasOwn(operators, raw.op) ? operators[raw.op] : undefined;
  if (operator === undefined) return fail(corrupt(subject, `comparison '${raw.op.slice(0, 40)}' is not known`));
  if (!Number.isInteger(raw.index) || raw.index < 0 || raw.index > 5) fail(corrupt(subject, `argument ${raw.index} is not one of 0 to 5`));
  const valueTwo = raw.valueTwo ?? 0;
  for (const value of [raw.value, valueTwo])
    if (!Number.isSafeInteger(value) || value < 0) fail(corrupt(subject, `the value ${value} is not a whole number from 0 to 2^53-1`));
  return { index: raw.index, operator, value: raw.value, valueTwo };
};
