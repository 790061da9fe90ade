/**
 * Every flag of Docker's is a flag of ours, with its short form and of its kind, or is refused in a sentence that says why and what to do
 * instead. What Docker has stands in `test/docker-flags.txt`, made from its reference, and below for the commands that are not in it.
 */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { normalize } from '../../src/cli/args.ts';
import { renderCommand } from '../../src/cli/help.ts';
import { allTables } from '../../src/cli/options/all.ts';
import type { CommandTable, Flag, FlagKind } from '../../src/cli/options/table.ts';
import { SkiffFailure, exitCodeOf } from '../../src/core/errors.ts';

interface DockerFlag {
  readonly name: string;
  readonly short?: string;
}

/** `interactive(i) label` as flags. */
const parse = (words: string): readonly DockerFlag[] =>
  words.split(' ').filter((word) => word !== '' && word !== 'help').map((word) => {
    const [, name = '', short] = /^([a-z0-9-]+)(?:\((.)\))?$/.exec(word) ?? [];
    return { name, ...(short === undefined ? {} : { short }) };
  });

const listed = (page: string): readonly DockerFlag[] => {
  const line = readFileSync('test/docker-flags.txt', 'utf8').split('\n').find((text) => text.startsWith(`${page}.md `)) ?? '';
  const flags = parse(line.replace(/^\S+ \d+: /, ''));
  assert.ok(flags.length > 0, page);
  return flags;
};

/** What is only said of a container that is started at once. */
const starting: readonly string[] = ['detach', 'detach-keys', 'sig-proxy'];

const docker: Readonly<Record<string, readonly DockerFlag[]>> = {
  run: listed('container_run'),
  build: [...listed('buildx_build'), ...listed('image_build').filter(({ name }) => !listed('buildx_build').some((known) => known.name === name))],
  'builder-prune': parse('all(a) builder filter force(f) keep-storage max-used-space min-free-space reserved-space verbose'),
  'buildx-du': parse('builder filter format verbose'),
  create: listed('container_run').filter(({ name }) => !starting.includes(name)),
  ps: listed('container_ls'),
  logs: listed('container_logs'),
  exec: listed('container_exec'),
  start: parse('attach(a) checkpoint checkpoint-dir detach-keys interactive(i)'),
  stop: parse('signal(s) timeout(t) time'),
  restart: parse('signal(s) timeout(t) time'),
  kill: parse('signal(s)'),
  pause: [],
  unpause: [],
  wait: [],
  rm: parse('force(f) link(l) volumes(v)'),
  attach: parse('detach-keys no-stdin sig-proxy'),
  inspect: parse('format(f) size(s) type'),
  'container-inspect': parse('format(f) size(s)'),
  top: [],
  stats: parse('all(a) format no-stream no-trunc'),
  rename: [],
  cp: parse('archive(a) follow-link(L) quiet(q)'),
  diff: [],
  commit: parse('author(a) change(c) message(m) no-pause pause(p)'),
  export: parse('output(o)'),
  port: [],
  events: parse('filter(f) format since until'),
  update: parse('blkio-weight cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares(c) cpus cpuset-cpus cpuset-mems kernel-memory memory(m) memory-reservation memory-swap pids-limit restart'),
  'container-prune': parse('filter force(f)'),
  'network-create': listed('network_create'),
  'network-connect': listed('network_connect'),
  'network-disconnect': parse('force(f)'),
  'network-ls': parse('filter(f) format no-trunc quiet(q)'),
  'network-inspect': parse('format(f) verbose(v)'),
  'network-rm': parse('force(f)'),
  'network-prune': parse('filter force(f)'),
  'volume-create': [...listed('volume_create'), { name: 'name' }],
  'volume-ls': parse('cluster filter(f) format quiet(q)'),
  'volume-inspect': parse('format(f)'),
  'volume-rm': parse('force(f)'),
  'volume-prune': parse('all(a) filter force(f)'),
  'volume-update': parse('availability'),
  'volume-export': parse('output(o)'),
  'volume-import': [],
  'volume-clone': [],
  info: parse('format(f)'),
  version: parse('format(f)'),
  'system-df': parse('format verbose(v)'),
  'system-prune': parse('all(a) filter force(f) volumes'),
};

/** What Docker takes and does not show. */
const hidden: readonly string[] = ['time', 'net', 'net-alias', 'dns-opt', 'kernel-memory'];

const bools: readonly string[] = [
  'cluster', 'all', 'archive', 'attachable', 'check', 'compress', 'debug', 'force-rm', 'load', 'no-cache', 'pull', 'push', 'squash', 'config-only', 'detach', 'details', 'follow', 'follow-link', 'force', 'ingress', 'init', 'interactive', 'internal', 'ipv4', 'ipv6', 'latest', 'link', 'no-healthcheck', 'no-pause', 'no-stdin', 'no-stream',
  'no-trunc', 'oom-kill-disable', 'pause', 'privileged', 'publish-all', 'quiet', 'read-only', 'rm', 'sig-proxy', 'size', 'timestamps', 'tty', 'use-api-socket', 'verbose', 'volumes',
];
const lists: readonly string[] = [
  'allow', 'annotation', 'attest', 'build-arg', 'build-context', 'cache-from', 'cache-to', 'no-cache-filter', 'secret', 'ssh', 'tag', 'aux-address', 'gateway', 'ip-range', 'ipam-opt', 'opt', 'subnet', 'add-host', 'annotation', 'blkio-weight-device', 'cap-add', 'cap-drop', 'change', 'device', 'device-cgroup-rule', 'device-read-bps', 'device-read-iops', 'device-write-bps',
  'device-write-iops', 'dns', 'dns-option', 'dns-search', 'env', 'env-file', 'expose', 'filter', 'group-add', 'alias', 'driver-opt', 'label', 'label-file', 'link-local-ip', 'log-opt', 'mount',
  'network', 'network-alias', 'publish', 'security-opt', 'storage-opt', 'sysctl', 'tmpfs', 'ulimit', 'volume', 'volumes-from',
];

/** `attach` is a list of streams for `run`, and a yes or no for `start`. */
const kindsOf = (table: CommandTable, name: string): readonly FlagKind[] => {
  if (name === 'attach') return [table.name === 'start' ? 'bool' : 'list'];
  if (table.name === 'rm' && name === 'link') return ['bool'];
  if (name === 'link') return ['list'];
  if (table.name === 'build' && name === 'network') return ['string'];
  if (table.name === 'build' && name === 'output') return ['list'];
  if (table.name !== 'build' && name === 'pull') return ['string'];
  return bools.includes(name) ? ['bool'] : lists.includes(name) ? ['list'] : ['string', 'int'];
};

const tableOf = (name: string): CommandTable => {
  const table = allTables.find((candidate) => candidate.name === name);
  if (table === undefined) throw new Error(`there is no command ${name}`);
  return table;
};

const flagOf = ({ flags }: CommandTable, name: string): Flag | undefined => flags.find((flag) => flag.name === name || flag.aliases?.includes(name) === true);

for (const [name, wanted] of Object.entries(docker)) {
  test(`skiff ${name} has Docker's flags, or says why not`, () => {
    const table = tableOf(name);
    for (const { name: long, short } of wanted) {
      const flag = flagOf(table, long);
      const refused = table.refused?.find((candidate) => candidate.name === long);
      assert.ok((flag === undefined) !== (refused === undefined), `--${long}: neither there nor refused, or both`);
      if (!hidden.includes(long)) assert.is(flag === undefined ? refused?.short : flag.short, short, `the short form of --${long}`);
      if (flag !== undefined) assert.ok(kindsOf(table, flag.name).includes(flag.kind), `--${long} is no ${flag.kind}`);
    }
  });
}

test('every command with containers, networks and volumes was looked at', () => {
  const own: readonly string[] = allTables.filter(({ category }) => ['Containers', 'Networks', 'Volumes'].includes(category)).map(({ name }) => name);
  assert.equal(own.filter((name) => !(name in docker)), []);
});

/** The words of the failure that this command line is, and its exit code. */
const failure = (table: CommandTable, ...argv: readonly string[]): readonly [string, number] => {
  try {
    normalize(table, argv);
  } catch (error) {
    if (error instanceof SkiffFailure) return [error.message, exitCodeOf(error.error)];
    throw error;
  }
  throw new Error(`${argv.join(' ')} is not refused`);
};

test('a refused flag is answered with reason and way round, in every spelling', () => {
  const run = tableOf('run');
  const [text, code] = failure(run, '--gpus', 'all', 'busybox');
  assert.is(text, '--gpus: passing on GPUs is the work of a hook of their maker that a daemon runs as root; make their device nodes available with --device, and the libraries with -v');
  assert.is(code, 125);
});

test('what is refused is one of Docker\'s, says why, and is advertised nowhere', () => {
  for (const table of allTables) {
    for (const { name, reason, instead } of table.refused ?? []) {
      assert.ok(hidden.includes(name) || docker[table.name]?.some((flag) => flag.name === name), `${table.name} --${name}`);
      assert.ok(reason.length > 10 && instead.length > 10 && !/\.$/.test(reason) && !/\.$/.test(instead), name);
      assert.not.match(renderCommand(table, 1000), new RegExp(`--${name}[ ,\\n]`));
      // Shorter names are words of other commands and sentences.
      if (!name.includes('-') && name !== 'gpus') continue;
      for (const shell of ['skiff.bash', 'skiff.fish', '_skiff']) assert.not.match(readFileSync(`man/completion/${shell}`, 'utf8'), new RegExp(`[- ']${name}[= ']`), `${shell}: --${name}`);
    }
  }
});

test.run();
