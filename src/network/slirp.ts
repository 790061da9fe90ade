/** slirp4netns as the launch plan names it: program and arguments for a container's own user-mode network. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { detect, explain, parseVersion, slirp4netnsArguments } from 'slirp4netns-wrapper';
import type { Capabilities, SlirpError } from 'slirp4netns-wrapper';
import { fail } from '../core/errors.ts';
import { writeFileAtomic } from '../system/files.ts';
import { isReadWritable } from '../system/host.ts';
import { findProgram } from '../system/programs.ts';
import { readOptional } from '../system/read-optional.ts';
import type { SlirpNetwork } from '../core/network-mode.ts';
import type { Paths } from '../system/paths.ts';

/** The numbers that the monitor gives the fds (helpers/slirp.h). */
const descriptors = { readyFd: 3, exitFd: 4 };
const target = { kind: 'path', netns: '/proc/self/fd/5' } as const;

const refuse = (error: SlirpError): never => fail({ _tag: 'Refused', message: explain(error) });

/** The answer of `--version` is remembered until the program changes, so that a run costs one small file read. */
const capabilitiesOf = async (paths: Paths, program: string): Promise<Capabilities> => {
  const path = join(paths.cache, 'slirp4netns-version');
  const { mtimeMs, size } = statSync(program);
  const key = `${program} ${mtimeMs} ${size}\n`;
  const known = readOptional(path);
  if (known.startsWith(key)) {
    const parsed = parseVersion(known.slice(key.length));
    if (!isLeft(parsed)) return parsed.right;
  }
  const detected = await detect(program)();
  if (isLeft(detected)) return refuse(detected.left);
  const { version, features } = detected.right;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileAtomic(path, `${key}slirp4netns version ${version}\n${features.has('seccomp') ? 'libseccomp: 2\n' : ''}`);
  return detected.right;
};

/**
 * Program and arguments for `network`. Throws Missing without slirp4netns, Refused where /dev/net/tun cannot be opened or the
 * installed version lacks what was asked for.
 */
export const slirpCommand = async (paths: Paths, env: NodeJS.ProcessEnv, network: SlirpNetwork): Promise<readonly string[]> => {
  const program = findProgram(env, 'slirp4netns');
  if (program === undefined) {
    return fail({ _tag: 'Missing', program: 'slirp4netns', package: 'slirp4netns', purpose: 'give a container a network of its own (or use --network none or host)' });
  }
  if (!isReadWritable('/dev/net/tun')) {
    return fail({
      _tag: 'Refused',
      message: '/dev/net/tun cannot be opened, which a network of its own needs',
      hint: 'ask an administrator to run: modprobe tun; chmod 666 /dev/net/tun (or use --network none or host)',
    });
  }
  const { mtu, cidr, ipv6, hostLoopback, outboundAddress } = network;
  const options = { target, mtu, cidr, ipv6, hostLoopback, ...(outboundAddress === undefined ? {} : { outboundAddress }), ...descriptors };
  const args = slirp4netnsArguments(options, await capabilitiesOf(paths, program));
  return isLeft(args) ? refuse(args.left) : [program, ...args.right];
};
