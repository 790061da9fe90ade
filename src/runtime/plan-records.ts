/**
 * The form of a launch plan, and the records that a container and a session of exec have in common: the process and how its
 * terminal is carried. Pure; helpers/README.md has all records.
 */
import { fail } from '../core/errors.ts';
import { capabilityMask, isCapabilityName } from './capabilities.ts';
import type { OciProcess } from '../core/oci-runtime.ts';
import type { PlanRecord } from '../core/plan-record.ts';

/**
 * The records as the bytes of a plan file: for each the number of fields, then the fields, every one ended by a NUL. What may hold a NUL is
 * checked where it comes in; should something have been forgotten, it throws Corrupt rather than let a value become records.
 */
export const encodePlan = (records: readonly PlanRecord[]): Buffer => {
  const words: string[] = [];
  for (const record of [['skiff-plan-1'] as PlanRecord, ...records]) words.push(String(record.length), ...record);
  if (words.some((word) => word.includes('\0'))) fail({ _tag: 'Corrupt', subject: 'the launch plan', reason: 'a value contains a NUL' });
  return Buffer.from(`${words.join('\0')}\0`);
};

/** getrlimit(2), asm-generic/resource.h. */
const rlimits: readonly string[] = [
  'CPU', 'FSIZE', 'DATA', 'STACK', 'CORE', 'RSS', 'NPROC', 'NOFILE', 'MEMLOCK', 'AS', 'LOCKS', 'SIGPENDING', 'MSGQUEUE', 'NICE', 'RTPRIO', 'RTTIME',
];

const limitText = (value: number): string => (value === Infinity ? '18446744073709551615' : String(value));

/** Everything about the process itself; `exec` repeats these for a second one. */
export const processRecords = (
  process: OciProcess,
  more: { readonly user: string; readonly groups: readonly string[]; readonly seccomp: readonly string[]; readonly singleUid: boolean; readonly capabilityLimit: bigint },
): readonly PlanRecord[] => {
  const { capabilities: sets } = process;
  const mask = (names: readonly string[]): string => (capabilityMask(names.filter(isCapabilityName)) & more.capabilityLimit).toString(16);
  return [
    ...process.args.map((word): PlanRecord => ['arg', word]),
    ...process.env.map((line): PlanRecord => ['env', line]),
    ['cwd', process.cwd],
    ['user', more.user],
    ...more.groups.map((group): PlanRecord => ['group-add', group]),
    ['caps', mask(sets.bounding), mask(sets.effective), mask(sets.permitted), mask(sets.inheritable), mask(sets.ambient)],
    ...more.seccomp.map((path): PlanRecord => ['seccomp', path]),
    ...process.rlimits.map(({ type, soft, hard }): PlanRecord => ['rlimit', String(rlimits.indexOf(type.replace('RLIMIT_', ''))), limitText(soft), limitText(hard)]),
    ...(process.noNewPrivileges ? [['no-new-privileges'] as PlanRecord] : []),
    ...(process.oomScoreAdj === undefined ? [] : [['oom-score-adj', String(process.oomScoreAdj)] as PlanRecord]),
    ...(more.singleUid ? [['single-uid'] as PlanRecord] : []),
  ];
};

export interface Session {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly detached: boolean;
  readonly detachKeys: readonly number[];
  readonly sigProxy: boolean;
  /** Absent: both outputs are shown. */
  readonly attach?: { readonly stdout: boolean; readonly stderr: boolean };
}

/** Detach keys as the helper reads them: single characters and ctrl-x. */
const keyWords = (keys: readonly number[]): string => keys.map((key) => (key < 32 ? `ctrl-${String.fromCharCode(key + (key >= 1 && key <= 26 ? 96 : 64))}` : String.fromCharCode(key))).join(',');

const outputRecords = ({ detached, attach }: Session): readonly PlanRecord[] =>
  detached || attach === undefined || (attach.stdout && attach.stderr) ? [] : [['outputs', `${attach.stdout ? 'o' : ''}${attach.stderr ? 'e' : ''}`]];

/** How the command's terminal and input are carried. */
export const sessionRecords = (session: Session): readonly PlanRecord[] => [
  ...(session.tty ? [['tty'] as PlanRecord] : []),
  ...(session.stdin ? [['stdin'] as PlanRecord] : []),
  ...(session.detached ? [['detach'] as PlanRecord] : []),
  ...outputRecords(session),
  ...(session.sigProxy ? [['sig-proxy'] as PlanRecord] : []),
  ['detach-keys', keyWords(session.detachKeys)],
];
