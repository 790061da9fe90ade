/** What the tests of limits share: a look into the cgroup tree, and at what skiff says of a container. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { output, skiff } from '../../e2e/skiff.ts';

export const mega = 1 << 20;

/** The text of a file in a cgroup, without the end of its line. */
export const read = (cgroup: string, file: string): string => readFileSync(join(cgroup, file), 'utf8').trimEnd();

/** The number behind `key` in a file such as cpu.stat. */
export const counter = (cgroup: string, file: string, key: string): number => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(read(cgroup, file))?.[1]);

interface State {
  readonly pid: number;
  readonly monitorPid: number;
  readonly cgroup?: string;
}

/** state.json of a container. */
export const stateOf = (name: string): State => {
  const directory = output(['inspect', '--format', '{{.LogPath}}', name]).trim().replace(/\/[^/]*$/, '');
  return JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as State;
};

/** The path of a container's cgroup. */
export const cgroupOf = (name: string): string => {
  const { cgroup = '' } = stateOf(name);
  assert.match(cgroup, /^\/sys\/fs\/cgroup\/.*\/skiff-[0-9a-f]{64}(\.scope)?\/container$/);
  return cgroup;
};

/** Every cgroup of a container that there is. */
export const containerCgroups = (): readonly string[] =>
  readdirSync('/sys/fs/cgroup', { recursive: true, encoding: 'utf8' }).filter((path) => /\/skiff-[0-9a-f]{64}(\.scope)?$/.test(path));

/** Two fields of `inspect`. */
export const ending = (name: string): readonly [oomKilled: string, exitCode: string] => {
  const [oomKilled = '', exitCode = ''] = output(['inspect', '--format', '{{.State.OOMKilled}} {{.State.ExitCode}}', name]).trim().split(' ');
  return [oomKilled, exitCode];
};

/** The actions that are told of a container, in their order. */
export const actionsOf = (name: string): readonly string[] =>
  output(['events', '--since', '1h', '--until', '0s', '--filter', `container=${name}`, '--format', '{{.Action}}']).trim().split('\n');

/** Starts a detached busybox container with these flags. */
export const start = (name: string, flags: readonly string[], script: string): void => {
  const { status, stderr } = skiff(['run', '-d', '--network', 'none', '--name', name, ...flags, 'busybox', 'sh', '-c', script]);
  assert.is(status, 0, stderr);
};

/** One row of `stats`. */
export const statsOf = (name: string): Readonly<Record<string, string>> =>
  JSON.parse(output(['stats', '--no-stream', '--format', '{{json .}}', name])) as Readonly<Record<string, string>>;

/** Bytes of a size as `stats` prints it, `12.5MiB`. */
export const bytesIn = (text: string): number => {
  const [, digits = '', unit = ''] = /^([\d.]+)(B|KiB|MiB|GiB)$/.exec(text) ?? [];
  return Number(digits) * 1024 ** ['B', 'KiB', 'MiB', 'GiB'].indexOf(unit);
};
