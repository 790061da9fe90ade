/**
 * Repositories by the program git, of which nothing is trusted: settings of the user and the machine are not read, no hook, filter or helper runs, no protocol but https
 * and ssh is spoken, whatever a repository or server redirects to, and submodules are not followed.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fail } from '../core/errors.ts';
import { refuse } from '../core/invalid.ts';
import { outcomeOf } from '../images/program.ts';
import { wrong } from './dockerfile/location.ts';
import { commitAmong, isCommit } from './git-address.ts';
import type { Outcome } from '../images/program.ts';
import type { GitAddress } from './git-address.ts';
import type { Workspace } from './workspace.ts';

/** Stands for all settings of git's; a server that sends nothing for a minute is given up. */
const settings = `[core]
	hooksPath = /dev/null
	fsmonitor = false
	attributesFile = /dev/null
	excludesFile = /dev/null
	symlinks = true
	autocrlf = false
[protocol]
	allow = never
[protocol "https"]
	allow = always
[protocol "ssh"]
	allow = always
[submodule]
	recurse = false
[fetch]
	recurseSubmodules = false
	bundleURI =
[transfer]
	bundleURI = false
[http]
	lowSpeedLimit = 1
	lowSpeedTime = 60
[credential]
	helper =
[gc]
	auto = 0
[maintenance]
	auto = false
[advice]
	detachedHead = false
[safe]
	bareRepository = explicit
`;

/** Variables of the caller's that git may see: none of git's own but where certificates of servers are. */
const passed = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY', 'GIT_SSL_CAINFO', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

const environment = ({ surroundings, directory }: Workspace): Record<string, string> => {
  const config = join(directory, 'git-config');
  if (!existsSync(config)) writeFileSync(config, settings, { mode: 0o600 });
  const own = Object.fromEntries(passed.flatMap((name) => (surroundings.env[name] === undefined ? [] : [[name, surroundings.env[name]]])));
  return {
    ...own,
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: config,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_ALLOW_PROTOCOL: 'https:ssh',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ClearAllForwardings=yes -o ForwardAgent=no',
    GIT_LFS_SKIP_SMUDGE: '1',
  };
};

/** Files get modes that do not depend on the caller's umask: they are part of what is copied. */
const git = async (workspace: Workspace, words: readonly string[], signal: AbortSignal, cwd?: string): Promise<Outcome> => {
  const command = ['-c', 'umask 022; exec git "$@"', 'git', ...words];
  const child = spawn('/bin/sh', command, { stdio: ['ignore', 'pipe', 'pipe'], env: environment(workspace), cwd: cwd ?? workspace.directory, signal });
  const outcome = await outcomeOf(child, true).catch((error: unknown) => (signal.aborted ? undefined : Promise.reject(error)));
  if (outcome === undefined) return wrong('canceled');
  if (outcome.code === 127) refuse('git is needed to fetch a repository, and is not installed', 'ask an administrator to run: apt-get install git');
  return outcome;
};

const check = ({ code, stderr }: Outcome, operation: string, { shown, remote }: GitAddress): void => {
  if (code === 0) return;
  const lines = stderr.replaceAll(remote, shown).split('\n').filter((line) => line.trim() !== '');
  const reason = lines.find((line) => /^(fatal|error): /u.test(line)) ?? lines.at(-1) ?? `git ended with code ${code}`;
  fail({ _tag: 'System', operation, subject: shown, reason: reason.replace(/^(fatal|error): /u, '') });
};

/** The commit that `address` means now. One question to its server, none for a commit. Throws SkiffFailure. */
export const commitOf = async (workspace: Workspace, address: GitAddress, signal: AbortSignal): Promise<string> => {
  const { remote, shown, ref = 'HEAD' } = address;
  if (isCommit(ref)) return ref;
  const outcome = await git(workspace, ['ls-remote', '--', remote, ref, `${ref}^{}`], signal);
  check(outcome, 'ask', address);
  return commitAmong(outcome.stdout, ref) ?? fail({ _tag: 'NotFound', kind: 'object', name: `${ref} in ${shown}`, hint: 'name a branch, a tag or a whole commit' });
};

let serial = 0;

/** Only that commit, where the server gives single ones; else all it has, in which the commit must be. */
const fetchCommit = async (workspace: Workspace, address: GitAddress, commit: string, signal: AbortSignal, directory: string): Promise<void> => {
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--update-head-ok'];
  const single = await git(workspace, [...fetch, '--depth', '1', '--', address.remote, `${commit}:refs/skiff/fetched`], signal, directory);
  if (single.code === 0) return;
  check(await git(workspace, [...fetch, '--', address.remote, '+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*'], signal, directory), 'fetch', address);
};

/** Where modules of other repositories would stand, below the directory that counts. */
const refuseModules = (listing: string, { shown, subdir }: GitAddress): void => {
  const [, module] = /^160000 [0-9a-f]+ \d+\t(.+)$/mu.exec(listing) ?? [];
  if (module !== undefined) refuse(`${shown} has a submodule at ${subdir === '' ? '' : `${subdir}/`}${module}, and submodules are not fetched`, 'clone it with --recurse-submodules, and give the directory');
};

/** The part of a checkout that counts: a directory in it, without a link on the way. */
const partOf = (directory: string, { subdir, shown }: GitAddress): string => {
  const path = join(directory, subdir);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return fail({ _tag: 'NotFound', kind: 'directory', name: `${subdir} in ${shown}` });
  const top = realpathSync(directory);
  const found = realpathSync(path);
  return found === join(top, subdir) || (subdir === '' && found === top) ? path : fail({ _tag: 'Hostile', subject: shown, reason: `${subdir} is, or is behind, a link` + (found.startsWith(top + sep) ? '' : ' that leads out of it') });
};

/**
 * Checks `commit` of `address` out into a new directory of the build's, and gives the path of the part that counts. `.git` is kept where `keepsGit` says so, and then knows the remote without its password.
 * Throws SkiffFailure.
 */
export const checkOut = async (workspace: Workspace, address: GitAddress, commit: string, keepsGit: boolean, signal: AbortSignal): Promise<string> => {
  const directory = join(workspace.directory, `git-${serial}`);
  serial += 1;
  mkdirSync(directory, { mode: 0o755 });
  const run = async (operation: string, ...words: readonly string[]): Promise<string> => {
    const outcome = await git(workspace, words, signal, directory);
    check(outcome, operation, address);
    return outcome.stdout;
  };
  await run('fetch', '-c', 'init.defaultBranch=main', 'init', '--quiet', '--template=', ...(commit.length === 64 ? ['--object-format=sha256'] : []));
  await fetchCommit(workspace, address, commit, signal, directory);
  await run('check out', 'checkout', '--quiet', '--force', '--no-recurse-submodules', '--detach', commit, '--');
  refuseModules(await run('list', 'ls-files', '--stage', '--', address.subdir === '' ? '.' : `:(literal)${address.subdir}`), address);
  if (keepsGit) {
    await run('check out', 'config', 'remote.origin.url', address.shown);
    for (const name of ['FETCH_HEAD', 'ORIG_HEAD']) rmSync(join(directory, '.git', name), { force: true });
  } else rmSync(join(directory, '.git'), { recursive: true });
  return partOf(directory, address);
};
