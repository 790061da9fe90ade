/**
 * The unprivileged account that Skiff is started and tested as: the caller, or, when the caller is root, an account of
 * its own with subordinate ids, and with the devices and the runtime directory that a login on a real system would have.
 */
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { isRoot, quietly, root, say, Stop, succeeds } from './steps.mjs';

/** @typedef {{ name: string, uid: number, gid: number, home: string, runtime: string | undefined }} Account */

const accountName = 'skifftest';
const singleAccountName = 'skiffsingle';
const idCount = 65536;

/** Whoever runs this script. @returns {Account} */
export const currentAccount = () => {
  const { username, uid, gid } = userInfo();
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`;
  return { name: username, uid, gid, home: homedir(), runtime: existsSync(runtime) ? runtime : undefined };
};

/** Makes sure that the account can run containers, and returns it. Idempotent. @returns {Account} */
export const ensureAccount = () => {
  if (!isRoot) return currentAccount();
  ensureUser(accountName);
  ensureSubordinateIds('/etc/subuid', '--add-subuids');
  ensureSubordinateIds('/etc/subgid', '--add-subgids');
  ensureDevice('/dev/fuse', 10, 229, 'fuse');
  ensureDevice('/dev/net/tun', 10, 200, 'tun');
  return readAccount(accountName);
};

/** An account without subordinate ids, for tests of the single-uid mode; only root can make one. Idempotent. @returns {Account} */
export const ensureSingleAccount = () => {
  // useradd(8) gives subordinate ids to everybody but system users.
  ensureUser(singleAccountName, ['--system']);
  return readAccount(singleAccountName);
};

/** @param {string} name @returns {Account} */
const readAccount = (name) => {
  const [, , uid, gid, , home = '/'] = quietly(`find the account ${name}`, ['getent', 'passwd', name]).trim().split(':');
  return { name, uid: Number(uid), gid: Number(gid), home, runtime: ensureRuntimeDirectory(Number(uid), Number(gid)) };
};

/** @param {string} name @param {readonly string[]} [flags] */
const ensureUser = (name, flags = []) => {
  if (succeeds(['getent', 'passwd', name])) return;
  say(`Making the unprivileged account ${name}.`);
  quietly(`make the account ${name}`, ['useradd', '-m', '-s', '/bin/sh', ...flags, name]);
};

/** Gives the account 65536 ids after all that are given away already. @param {string} path @param {string} flag */
const ensureSubordinateIds = (path, flag) => {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').map((line) => line.split(':')) : [];
  if (lines.some(([owner]) => owner === accountName)) return;
  const first = Math.max(100000, ...lines.map(([, start, count]) => (Number(start) || 0) + (Number(count) || 0)));
  say(`Giving ${accountName} the ids ${first}-${first + idCount - 1} in ${path}.`);
  quietly(`give ${accountName} subordinate ids`, ['usermod', flag, `${first}-${first + idCount - 1}`, accountName]);
};

/** @param {string} path @param {number} major @param {number} minor @param {string} module */
const ensureDevice = (path, major, minor, module) => {
  if (!existsSync(path)) {
    succeeds(['modprobe', module]);
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) quietly(`make ${path}`, ['mknod', path, 'c', `${major}`, `${minor}`]);
  }
  if ((statSync(path).mode & 0o006) === 0o006) return;
  say(`Making ${path} usable for everyone (mode 0666), as distributions do.`);
  chmodSync(path, 0o666);
};

/** @param {number} uid @param {number} gid */
const ensureRuntimeDirectory = (uid, gid) => {
  const path = `/run/user/${uid}`;
  if (!existsSync(path)) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o700);
    chownSync(path, uid, gid);
  }
  return path;
};

/** @type {readonly string[] | undefined} */
let raised;

/** As many open files as logins may have where systemd is init: 10,000 connections take more than some machines allow. Where root may not raise the limit it stays. */
const moreFiles = () => {
  const words = ['prlimit', '--nofile=:524288'];
  raised ??= succeeds([...words, 'true']) ? words : [];
  return raised;
};

/**
 * The argv that runs a command as the account, with a login's environment and nothing of the caller's.
 * @param {Account} account
 * @param {Record<string, string | undefined>} environment added to the login's; undefined values are left out
 * @param {readonly string[]} command
 */
export const asAccount = (account, environment, command) => {
  const login = {
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    TERM: process.env['TERM'] ?? 'dumb',
    LANG: 'C.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
    XDG_RUNTIME_DIR: account.runtime,
    ...environment,
  };
  const words = Object.entries(login).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const become = [...moreFiles(), 'setpriv', '--reuid', `${account.uid}`, '--regid', `${account.gid}`, '--init-groups', '--inh-caps=-all'];
  return [...(isRoot ? become : []), 'env', '-i', ...words, ...command];
};

const staged = ['dist', 'src', 'helpers', 'man', 'test', 'package.json', 'package-lock.json', 'tsconfig.json', 'README.md'];

/**
 * A directory with this checkout's files that the account can read: the checkout, or a copy where it cannot go there.
 * @param {Account} account
 */
export const readableCheckout = (account) => {
  const wanted = ['dist/skiff', 'dist/skiff.cjs', 'src/main.ts', 'test/harness.ts'];
  const readable = wanted.every((path) => succeeds(asAccount(account, {}, ['test', '-r', join(root, path)])));
  if (!isRoot || readable) return root;
  const copy = `/var/tmp/skiff-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
  say(`${account.name} cannot read ${root}: working from a copy in ${copy}.`);
  ownDirectory(copy);
  for (const name of staged) {
    rmSync(join(copy, name), { recursive: true, force: true });
    if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }
  quietly(`make ${copy} readable`, ['chmod', '-R', 'a+rX', copy]);
  return copy;
};

/** Makes a directory of ours in a place where others can write too. @param {string} path */
export const ownDirectory = (path) => {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) mkdirSync(path, { mode: 0o755 });
  const stat = lstatSync(path);
  if (!stat.isDirectory() || stat.uid !== process.getuid?.() || (stat.mode & 0o022) !== 0) {
    throw new Stop(`${path} is not a directory that only this user can write; remove it and try again`);
  }
};

/**
 * A Node that the account can execute: this one, or a copy of it in `directory`.
 * @param {Account} account @param {string} directory
 */
export const nodeFor = (account, directory) => {
  if (!isRoot || succeeds(asAccount(account, {}, [process.execPath, '--version']))) return process.execPath;
  const copy = join(directory, 'node');
  cpSync(process.execPath, copy);
  chmodSync(copy, 0o755);
  return copy;
};
