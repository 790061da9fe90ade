import { writeFileSync } from 'node:fs';
import { isLeft } from 'fp-ts/Either';
import { fail, printable, SkiffFailure } from '../core/errors.ts';
import { need } from '../core/invalid.ts';
import { mergeLabels } from '../core/labels.ts';
import { buildImage, checkBuild } from '../build/build.ts';
import type { BuildFailure, BuildOrder, BuildTools } from '../build/build.ts';
import { excerpt } from '../build/dockerfile/location.ts';
import type { Progress, Task } from '../build/progress.ts';
import { plainProgress, quietProgress } from '../build/progress-plain.ts';
import { provideImage } from '../images/builtin.ts';
import type { Image } from '../images/open.ts';
import type { Platform } from '../images/platform.ts';
import { newImageName } from '../images/import.ts';
import type { Stored } from '../images/store.ts';
import { familiarReference, formatReference, parseReference } from '../core/reference.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { readSettings } from '../system/settings.ts';
import type { BuildDisplay } from './build-display.ts';
import { agentsOf, argumentsOf, cachesFrom, cachesTo, contextsOf, epochOf, outputsOf, secretsOf } from './build-words.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/build.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';
import { qualifier } from './qualify.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

type Flags = FlagsOf<typeof table>;

/** Finds the image that a Dockerfile names, and pulls it where it is missing, or where `--pull` asks for that. Each once. */
const imageFinder = (context: Context, surroundings: Surroundings, { pull }: Flags): ((name: string, platform: Platform | undefined) => Promise<Image>) => {
  const { paths, host } = surroundings;
  const known = new Map<string, Promise<Image>>();
  const find = async (name: string, platform: Platform | undefined): Promise<Image> => {
    const qualify = qualifier(await readSettings(context.env, paths), paths);
    const stored = pull ? undefined : await provideImage(paths, host, qualify(name), platform)();
    if (stored !== undefined && (stored._tag === 'Right' || stored.left._tag !== 'NotFound')) return need(stored);
    const { pullForUse } = await import('./pull-missing.ts');
    await pullForUse(context, surroundings, name, { ...(platform === undefined ? {} : { platform }), quiet: true });
    return need(await provideImage(paths, host, qualify(name), platform)());
  };
  return (name, platform) => {
    const key = JSON.stringify([name, platform]);
    const found = known.get(key) ?? find(name, platform);
    known.set(key, found);
    return found;
  };
};

/** Keeps the tasks that failed, for what is shown at the end. */
const remembering = (progress: Progress, failed: { readonly title: string; readonly task: Task }[]): Progress => ({
  begin: (title) => {
    const task = progress.begin(title);
    return { ...task, failed: (reason) => {
      if (reason !== 'canceled') failed.push({ title, task });
      task.failed(reason);
    } };
  },
});

/** Where a build is shown, in the form that `--progress` says; in place on a terminal where it says nothing. */
const displayOf = async ({ stderr }: Context, { quiet, progress }: Flags): Promise<BuildDisplay> => {
  const nothing = (): void => undefined;
  if (quiet || progress === 'quiet') return { progress: quietProgress(), close: nothing };
  if (progress === 'plain' || (progress === 'auto' && !stderr.isTerminal())) return { progress: plainProgress((text) => stderr.write(text)), close: nothing };
  if (progress === 'rawjson') {
    const { rawJsonProgress } = await import('../build/progress-rawjson.ts');
    return { progress: rawJsonProgress((text) => stderr.write(text)), close: nothing };
  }
  const { terminalBuild } = await import('./build-display.ts');
  return terminalBuild({ write: (text) => stderr.write(text), size: () => ({ columns: stderr.columns(), rows: process.stderr.rows || 24 }) });
};

const limitsOf = ({ memory, memorySwap, cpuShares, cpuPeriod, cpuQuota, cpusetCpus, cpusetMems, cgroupParent }: Flags): BuildOrder['steps']['limits'] =>
  Object.fromEntries(Object.entries({ memory, memorySwap, cpuShares, cpuPeriod, cpuQuota, cpusetCpus, cpusetMems, cgroupParent }).filter(([, value]) => value !== undefined));

const rights: ReadonlySet<string> = new Set(['network.host', 'security.insecure']);

const orderOf = async (context: Context, { paths, env }: Surroundings, flags: Flags, word: string): Promise<BuildOrder> => {
  const { file, target, shmSize } = flags;
  const qualify = qualifier(await readSettings(context.env, paths), paths);
  const allowed = new Set(flags.allow.flatMap((text) => text.split(',')));
  for (const right of allowed) if (!rights.has(right)) fail({ _tag: 'Usage', message: `--allow ${right}: there is no such right`, hint: `choose from ${[...rights].join(', ')}` });
  if (!flags.rm) fail({ _tag: 'Refused', message: '--rm=false: containers of RUN are not kept', hint: 'leave it out' });
  return {
    context: { word, cwd: process.cwd(), keepsGit: /^(1|true)$/u.test(argumentsOf(flags.buildArg, env).get('BUILDKIT_CONTEXT_KEEP_GIT_DIR') ?? ''), ...(file === undefined ? {} : { file }) },
    ...(target === undefined ? {} : { target }),
    buildArgs: argumentsOf(flags.buildArg, env),
    labels: need(mergeLabels({}, [], flags.label)),
    names: flags.tag.map((name) => newImageName(qualify(name))),
    ...platformFlag(flags.platform),
    outputs: outputsOf(flags.output, flags.push, process.cwd()),
    cacheFrom: cachesFrom(flags.cacheFrom, process.cwd()),
    cacheTo: cachesTo(flags.cacheTo, process.cwd()),
    contexts: contextsOf(flags.buildContext, process.cwd()),
    steps: {
      noCache: flags.noCache,
      noCacheFilter: flags.noCacheFilter.flatMap((text) => text.split(',')),
      network: flags.network,
      allowed: flags.network === 'host' ? new Set([...allowed, 'network.host']) : allowed,
      addHost: flags.addHost,
      ulimit: flags.ulimit,
      securityOpt: flags.securityOpt,
      secrets: secretsOf(flags.secret, process.cwd(), env),
      ssh: agentsOf(flags.ssh, process.cwd(), env),
      limits: limitsOf(flags),
      ...epochOf(argumentsOf(flags.buildArg, env), env),
      ...(shmSize === undefined ? {} : { shmSize }),
    },
  };
};

/** What failed, with its last lines, and where that is in the Dockerfile. */
const showFailure = ({ stderr }: Context, { lines, dockerfile }: BuildFailure, failed: readonly { readonly title: string; readonly task: Task }[]): void => {
  const [first] = failed;
  const last = first?.task.lastLines() ?? [];
  if (first !== undefined && last.length > 0) stderr.write(`------\n > ${printable(first.title)}:\n${last.map((line) => `${line}\n`).join('')}------\n`);
  if (lines !== undefined && dockerfile !== undefined) stderr.write(excerpt(dockerfile.name, dockerfile.text, lines).split('\n').map(printable).join('\n'));
};

const metadataOf = ({ id, manifestDigest, names }: Stored): string =>
  `${JSON.stringify({ 'containerimage.config.digest': id, 'containerimage.digest': manifestDigest, ...(names.length === 0 ? {} : { 'image.name': names.join(',') }) }, undefined, 2)}\n`;

const familiar = (name: string): string => {
  const reference = parseReference(name);
  return '_tag' in reference ? name : familiarReference(reference);
};

/** As BuildKit writes it in titles: `docker.io/library/debian:latest`. */
const fullName = (name: string): string => {
  const reference = parseReference(name);
  return '_tag' in reference ? name : formatReference(reference);
};

/** Sends the image to the registry of each of its names. */
const push = async (context: Context, surroundings: Surroundings, names: readonly string[]): Promise<void> => {
  const [{ pushImage }, { registryContext }] = await Promise.all([import('../images/push.ts'), import('./registry-context.ts')]);
  if (names.length === 0) fail({ _tag: 'Usage', message: 'an image without a name cannot be pushed', hint: 'name it with --tag' });
  const registry = await registryContext(context, surroundings.paths);
  for (const name of names) {
    const reference = parseReference(name);
    if ('_tag' in reference) return fail(reference);
    need(await pushImage(surroundings.paths, registry, { reference, progress: () => undefined })());
    context.stderr.write(`pushed ${familiar(name)}\n`);
  }
};

/** What is left to do with an image that is in the store. */
const report = async (context: Context, surroundings: Surroundings, flags: Flags, { outputs }: BuildOrder, stored: Stored): Promise<void> => {
  const { id, names } = stored;
  for (const output of outputs) {
    if (output.kind === 'push') await push(context, surroundings, names);
    if (output.kind !== 'archive') continue;
    const { saveImages } = await import('../images/save.ts');
    need(await saveImages(surroundings.paths, { images: names.length === 0 ? [id] : names }, output.path === '-' ? context.stdout.write : output.path)());
  }
  if (flags.iidfile !== undefined) writeFileSync(flags.iidfile, id);
  if (flags.metadataFile !== undefined) writeFileSync(flags.metadataFile, metadataOf({ ...stored, names: names.map(familiar) }));
  if (flags.quiet) context.stdout.write(`${id}\n`);
};

/** `--check`: 1 where something should be otherwise, as in Docker. */
const check = async (context: Context, surroundings: Surroundings, order: BuildOrder, tools: BuildTools, close: () => void): Promise<number> => {
  const result = await checkBuild(surroundings, order, tools)();
  close();
  if (isLeft(result)) {
    showFailure(context, result.left, []);
    context.stderr.write(`skiff: ${new SkiffFailure(result.left.error).message}\n`);
    return 1;
  }
  const { ruleAddress } = await import('../build/dockerfile/check.ts');
  const { warnings, dockerfile } = result.right;
  const found = warnings.length === 1 ? '1 warning has been found!' : `${warnings.length} warnings have been found!`;
  context.stdout.write(`Check complete, ${warnings.length === 0 ? 'no warnings found.' : found}\n`);
  for (const { rule, text, lines } of warnings) {
    context.stdout.write(`\nWARNING: ${rule} - ${ruleAddress(rule)}\n${printable(text)}\n${excerpt(dockerfile.name, dockerfile.text, lines).split('\n').map(printable).join('\n')}`);
  }
  return warnings.length === 0 ? 0 : 1;
};

/** Signals that end a build: its steps are killed and cleared away first. */
const enders = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const interruptible = async <A>(body: (signal: AbortSignal, ended: () => NodeJS.Signals | undefined) => Promise<A>): Promise<A> => {
  const controller = new AbortController();
  let got: NodeJS.Signals | undefined;
  const end = (signal: NodeJS.Signals): void => {
    got ??= signal;
    controller.abort();
  };
  for (const signal of enders) process.on(signal, end);
  try {
    return await body(controller.signal, () => got);
  } finally {
    for (const signal of enders) process.off(signal, end);
  }
};

const numbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** `skiff build`: progress on standard error, with `-q` the id on standard output; 1 when the build fails, as in Docker. */
export const run = async (context: Context, flags: Flags, [word = '']: readonly string[]): Promise<number> => {
  const surroundings = surroundingsOf(context);
  const order = await orderOf(context, surroundings, flags, word);
  const failed: { readonly title: string; readonly task: Task }[] = [];
  const display = await displayOf(context, flags);
  const progress = remembering(display.progress, failed);
  const qualify = qualifier(await readSettings(context.env, surroundings.paths), surroundings.paths);
  const fetching = async () => ({ settings: await readSettings(context.env, surroundings.paths), env: context.env });
  return interruptible(async (signal, ended) => {
    const tools: BuildTools = { progress, signal, image: imageFinder(context, surroundings, flags), fullName: (name) => fullName(qualify(name)), fetching };
    if (flags.check) return check(context, surroundings, order, tools, display.close);
    const result = await buildImage(surroundings, order, tools)();
    display.close();
    const by = ended();
    if (by !== undefined) return 128 + (numbers[by] ?? 0);
    if (isLeft(result)) {
      showFailure(context, result.left, failed);
      context.stderr.write(`skiff: ${new SkiffFailure(result.left.error).message}\n`);
      return 1;
    }
    return result.right === undefined ? 0 : exitOne(context, () => report(context, surroundings, flags, order, result.right as Stored));
  });
};
