/** RUN: a container on top of the stage's files; what it changes is the layer. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refuse } from '../core/invalid.ts';
import { formatPlatform } from '../images/platform.ts';
import { coveredPaths, runStep } from '../runtime/step-run.ts';
import { proxyArguments } from './arguments.ts';
import { dateFact, stepKey } from './cache-key.ts';
import { expandIn, wordsOf } from './config.ts';
import { chomped, heredocOf } from './dockerfile/heredoc.ts';
import { wrong } from './dockerfile/location.ts';
import { parseRunMount } from './dockerfile/run-mounts.ts';
import { directoriesOf } from './layers.ts';
import { readyMounts } from './run-mounts.ts';
import type { Run } from './dockerfile/instructions.ts';
import type { StageConfig } from './config.ts';
import type { BuiltLayer, StepLayer } from './layers.ts';
import type { Task } from './progress.ts';
import type { ReadyMount } from './run-mounts.ts';
import type { Files, Session } from './session.ts';
import type { Plan } from './step-copy.ts';

/** Where BuildKit's containers think they are; it is in files that programs write, so it must be the same each time. */
const hostname = 'buildkitsandbox';

interface Words {
  readonly args: readonly string[];
  /** A script of its own, where the text of the only here-document says what runs it. */
  readonly script?: { readonly name: string; readonly text: string };
}

/** What is run, with here-documents: one alone is the text itself, others are the shell's business. */
const runWords = (stage: StageConfig, { command }: Run): Words => {
  if (command.form === 'exec' || command.heredocs.length === 0) return { args: wordsOf(stage, command) };
  const [first] = command.heredocs;
  if (heredocOf(command.text) === undefined || first === undefined) {
    const text = command.heredocs.reduce((all, { content, name }) => `${all}\n${content}${name}`, command.text);
    return { args: wordsOf(stage, { ...command, text }) };
  }
  const text = first.chomp ? chomped(first.content) : first.content;
  if (!text.startsWith('#!')) return { args: wordsOf(stage, { ...command, text }) };
  return /[/\0]/u.test(first.name) ? wrong(`a here-document's name must be the name of a file, not ${JSON.stringify(first.name)}`) : { args: [`/dev/pipes/${first.name}`], script: { name: first.name, text } };
};

const scriptMount = ({ workspace }: Session, { name, text }: NonNullable<Words['script']>): ReadyMount => ({
  target: '/dev/pipes',
  fact: ['script', name, text],
  make: async () => {
    const directory = join(workspace.directory, `script-${Date.now()}-${name}`);
    mkdirSync(directory, { mode: 0o755 });
    writeFileSync(join(directory, name), text, { mode: 0o755 });
    return `type=bind,source=${directory},target=/dev/pipes,readonly`;
  },
});

const networkOf = (session: Session, { network }: Run): string => {
  const wanted = network === 'default' ? session.options.network : network;
  if (wanted === 'host' && !session.options.allowed.has('network.host')) refuse('network.host is not allowed', 'build with --allow network.host');
  // A private way out: addresses of a bridge would be given back by whoever heals while the build runs.
  return wanted === 'default' ? 'slirp4netns' : wanted;
};

const securityOf = (session: Session, { security }: Run): boolean => {
  if (security === 'insecure' && !session.options.allowed.has('security.insecure')) refuse('security.insecure is not allowed', 'build with --allow security.insecure');
  return security === 'insecure';
};

/** Proxies go to the command, but into no key and no history. */
const proxiesOf = ({ buildArgs }: Session): readonly string[] => [...buildArgs].filter(([name]) => proxyArguments.has(name)).map(([name, value]) => `${name}=${value}`);

const historyOf = (stage: StageConfig, args: readonly string[]): string => {
  const given = [...stage.args.keys()].map((name) => `${name}=${stage.env.get(name) ?? ''}`);
  return ['RUN', ...(given.length === 0 ? [] : [`|${given.length}`, ...given]), ...args, '# buildkit'].join(' ');
};

/** How to do `instruction` in the stage `stage`, whose layers are `below`. Throws a `DockerfileError`, SkiffFailure. */
export const planRun = async (session: Session, stage: StageConfig, below: readonly BuiltLayer[], instruction: Run, filesOf: (from: string | undefined) => Promise<Files>): Promise<Plan> => {
  const { workspace, options, directives } = session;
  const { args, script } = runWords(stage, instruction);
  const network = networkOf(session, instruction);
  const privileged = securityOf(session, instruction);
  const directory = stage.config.WorkingDir ?? '/';
  const typed = instruction.mounts.map((text) => parseRunMount(text, expandIn(stage, directives.escape)));
  const mounts = [...(await readyMounts(session, typed, directory, filesOf)), ...(script === undefined ? [] : [scriptMount(session, script)])];
  const env = [...stage.env].map(([name, value]) => `${name}=${value}`);
  const user = stage.config.User ?? '';
  const facts = { kind: 'RUN', ...dateFact(session.options), args, env, user, directory, network, privileged, mounts: mounts.map(({ fact }) => fact), hosts: options.addHost, shm: options.shmSize ?? '', ulimit: options.ulimit, confinement: options.securityOpt, platform: formatPlatform(stage.platform) };
  const make = async (key: string, task: Task): Promise<StepLayer> => {
    const pile = workspace.pile(directoriesOf(workspace, below));
    const flagsOfMounts: string[] = [];
    // What was made so far ends, whichever fails.
    const end = (): void => mounts.forEach((mount) => mount.end?.());
    for (const mount of mounts) if (mount.variable === undefined) flagsOfMounts.push(await mount.make().catch((error: unknown) => (end(), Promise.reject(error))));
    const variables = [...mounts.flatMap(({ variable }) => (variable === undefined ? [] : [variable])), ...mounts.flatMap(({ place: named }) => (named === undefined ? [] : [named])).slice(0, 1)].map((pair) => pair.join('='));
    const image = { reference: 'the stage', id: '', layers: pile.layers, platform: formatPlatform(stage.platform), config: { Env: [...env, ...proxiesOf(session), ...variables], User: user, WorkingDir: directory } };
    const flags = {
      command: args,
      hostname,
      network,
      mount: flagsOfMounts,
      ...options.limits,
      addHost: options.addHost,
      ulimit: options.ulimit,
      securityOpt: options.securityOpt,
      ...(options.shmSize === undefined ? {} : { shmSize: options.shmSize }),
      ...(privileged ? { privileged } : {}),
    };
    const place = { upper: join(pile.directory, 'upper'), work: join(pile.directory, 'work') };
    const code = await runStep(workspace.surroundings, { image, flags, ...place }, { stdout: task.output, stderr: task.output }, session.signal).finally(end);
    if (session.signal.aborted) return wrong('canceled');
    if (code !== 0) return wrong(`process ${JSON.stringify(args.join(' '))} did not complete successfully: exit code: ${code}`);
    return session.layers.make(pile, key, historyOf(stage, args), coveredPaths(mounts.map(({ target }) => target)));
  };
  return { key: async () => stepKey(below.map(({ diffId }) => diffId), facts), make, history: historyOf(stage, args) };
};
