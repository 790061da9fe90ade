/** COPY and ADD: what is taken is put on top of the stage's files, and what that changes is the layer. */
import { spawn } from 'node:child_process';
import { constants, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { pileCommand } from '../runtime/step-files.ts';
import { dateFact, stepKey } from './cache-key.ts';
import { expandIn, targetOf } from './config.ts';
import { commitsOf, partsOf } from './copy-parts.ts';
import { wrong } from './dockerfile/location.ts';
import { lex } from './dockerfile/words.ts';
import { gatherItems } from './files.ts';
import { isGit } from './git-address.ts';
import { directoriesOf } from './layers.ts';
import { ownerOf } from './users.ts';
import type { Outcome } from '../images/program.ts';
import type { Add, Copy } from './dockerfile/instructions.ts';
import type { Pile } from '../runtime/step-files.ts';
import type { Part } from './copy-parts.ts';
import type { BuiltLayer, StepLayer } from './layers.ts';
import type { Files, Session } from './session.ts';
import type { StageConfig } from './config.ts';
import type { Task } from './progress.ts';

/** A step as the cache sees it: the key of its result, and how to make that. */
export interface Plan {
  readonly key: () => Promise<string>;
  readonly make: (key: string, task: Task) => Promise<StepLayer>;
  /** The line of history. */
  readonly history: string;
}

const sentences: Readonly<Record<string, string>> = {
  'target-missing': 'its directory cannot be reached',
  'target-no-directory': 'a file is there, and no directory',
  'directory-missing': 'there is no such directory',
  'no-directory-onto-file': 'cannot copy a directory onto a file',
  'directory-over-file': 'cannot copy to non-directory: a file or link is where a directory is to be',
  'file-over-directory': 'cannot replace a directory with a file',
};

const checkPlaced = (outcome: Outcome, target: string): void => {
  const [, word = ''] = /^failed: copy: ([a-z-]+)$/mu.exec(outcome.stderr) ?? [];
  if (word !== '') wrong(`cannot copy to ${target}: ${sentences[word] ?? word}`);
  checkOutcome(outcome, 'copy to', target);
};

interface Copying {
  readonly target: string;
  /** `UID:GID` as it was looked up; undefined: not asked for. */
  readonly owner: string | undefined;
  readonly mode: string | undefined;
  readonly several: boolean;
}

const placeWords = (session: Session, { target, owner, several }: Copying, { kind, selection }: Part): readonly string[] => {
  const single = session.workspace.surroundings.host.idMap.mode === 'single';
  const into = kind === 'archive' || several || target.endsWith('/') || selection.kind === 'root';
  const [item] = selection.items;
  const how = into ? ['--archive'] : selection.kind === 'directory' ? ['--contents'] : ['--name', item?.name ?? 'file'];
  return ['place', '--path', target, '--in-root', ...how, '--make', single ? '0:0' : (owner ?? '0:0'), ...(single ? ['--single-uid'] : [])];
};

const placePart = async (session: Session, pile: Pile, part: Part, copying: Copying): Promise<void> => {
  const { workspace } = session;
  const [program = '', ...words] = await pileCommand(workspace.surroundings, pile, placeWords(session, copying, part), true);
  if (part.kind === 'archive') return unpackPart(part, copying, program, words);
  const owner = copying.owner ?? (part.keepsOwners ? undefined : '0:0');
  const into = copying.several || copying.target.endsWith('/');
  const items = part.selection.items.filter(({ name }) => !into || name !== './');
  const { child, ended } = await gatherItems(workspace, part.place, items, { ...(owner === undefined ? {} : { owner }), ...(copying.mode === undefined ? {} : { mode: copying.mode }) }, part.subject);
  const target = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const placed = outcomeOf(target, true);
  placed.catch(() => undefined);
  // Whoever gives up closes its side; its own words are the reason, not our broken pipe.
  if (child.stdout !== null && target.stdin !== null) await pipeline(child.stdout, target.stdin).catch(() => undefined);
  checkPlaced(await placed, copying.target);
  await ended;
};

const unpackPart = async ({ place, selection }: Part, copying: Copying, program: string, words: readonly string[]): Promise<void> => {
  const [item] = selection.items;
  const path = join(place.kind === 'host' ? place.directory : '', Buffer.from(item?.entry.path ?? '', 'latin1').toString('utf8'));
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    checkPlaced(await outcomeOf(spawn(program, words, { stdio: [fd, 'pipe', 'pipe'] }), true), copying.target);
  } finally {
    closeSync(fd);
  }
};

const modeOf = (chmod: string | undefined): string | undefined => {
  if (chmod === undefined) return undefined;
  if (!/^[0-7]+$/u.test(chmod)) return wrong(`invalid chmod parameter: '${chmod}'. it should be octal string and between 0 and 07777`);
  return Number.parseInt(chmod, 8) > 0o7777 ? wrong(`invalid chmod parameter: '${chmod}'. it should be octal string and between 0 and 07777`) : chmod;
};

const expanded = <C extends Copy | Add>(stage: StageConfig, instruction: C, escape: string): C => {
  const expand = expandIn(stage, escape);
  const optional = (name: 'chown' | 'chmod' | 'checksum'): Record<string, string> => {
    const value: unknown = Object.entries(instruction).find(([key]) => key === name)?.[1];
    return typeof value === 'string' ? { [name]: expand(value) } : {};
  };
  return {
    ...instruction,
    sources: instruction.sources.map(expand),
    target: expand(instruction.target),
    exclude: instruction.exclude.map(expand),
    inline: instruction.inline.map((file) => (file.expand ? { ...file, text: lex(file.text, { escape: '\\', variables: stage.env, plainQuotes: true }).text } : file)),
    ...optional('chown'),
    ...optional('chmod'),
    ...optional('checksum'),
  };
};

const historyOf = ({ kind, parents, chown, chmod, sources, inline, target }: Copy | Add): string =>
  [
    kind,
    ...(parents ? ['--parents'] : []),
    ...(chown === undefined ? [] : [`--chown=${chown}`]),
    ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
    ...sources,
    ...inline.map(({ name }) => `<<${name}`),
    target,
    '# buildkit',
  ].join(' ');

/** How to do `typed` in the stage `stage`, whose layers are `below`, with files from `files`. Throws a `DockerfileError`. */
export const planCopy = (session: Session, stage: StageConfig, below: readonly BuiltLayer[], typed: Copy | Add, files: Files): Plan => {
  const { workspace, directives } = session;
  const instruction = expanded(stage, typed, directives.escape);
  const target = targetOf(stage, instruction.target);
  const mode = modeOf(instruction.chmod);
  const asked = instruction.sources.length + instruction.inline.length;
  if (asked > 1 && !target.endsWith('/') && target !== '/') wrong(`When using ${instruction.kind} with more than one source file, the destination must be a directory and end with a /`);
  // What is linked does not look at what is below it.
  const base = instruction.link ? [] : below;
  const directories = directoriesOf(workspace, base);
  const facts = { kind: instruction.kind, ...dateFact(session.options), target, chown: instruction.chown ?? '', mode: mode ?? '', parents: instruction.parents };
  const parent = base.map(({ diffId }) => diffId);
  let parts: Promise<readonly Part[]> | undefined;
  let commits: Promise<ReadonlyMap<string, string>> | undefined;
  // Asked once: a branch that moves meanwhile must not bring other files than the key says.
  const takeCommits = (): Promise<ReadonlyMap<string, string>> => (commits ??= commitsOf(session, instruction));
  const takeParts = (): Promise<readonly Part[]> => (parts ??= takeCommits().then((known) => partsOf(session, instruction, files, known)));
  const byContent = async (): Promise<string> => stepKey(parent, { ...facts, parts: (await takeParts()).map(({ kind, digest, selection }) => [kind, digest, selection.kind]) });
  const byCommits = async (): Promise<string> =>
    stepKey(parent, { ...facts, exclude: instruction.exclude, keepsGit: instruction.kind === 'ADD' && instruction.keepGitDir, commits: [...(await takeCommits())] });
  const isAllGit = instruction.kind === 'ADD' && instruction.inline.length === 0 && instruction.sources.every(isGit);
  const owner = async (): Promise<string | undefined> => (instruction.chown === undefined ? undefined : ownerOf(workspace, () => workspace.pile(directoriesOf(workspace, below)), instruction.chown));
  const make = async (key: string, task: Task): Promise<StepLayer> => {
    const taken = await takeParts();
    const several = asked > 1 || taken.some(({ selection }) => selection.sources > 1) || instruction.parents;
    const copying = { target, owner: await owner(), mode, several };
    const pile = workspace.pile(directories);
    for (const part of taken) {
      if (part.selection.items.length > 0) await placePart(session, pile, part, copying);
      task.note(`${part.selection.items.length} ${part.selection.items.length === 1 ? 'entry' : 'entries'}`);
    }
    return session.layers.make(pile, key, historyOf(instruction), []);
  };
  return { key: isAllGit ? byCommits : byContent, make, history: historyOf(instruction) };
};
