/** Where skiff is meant to answer otherwise than Docker, and why. A rule that explains nothing any more fails the test. */
import type { Known } from './transcript.ts';

/** What Docker says, with something of it in our words. */
const saying = (from: RegExp | string, to: string) => (theirs: string): string => theirs.replace(from, to);

/** Docker's own, in the order in which they are used. */
const pools = JSON.stringify([16, 16, 16, 16, 16, 16, 20].map((Size, at) => ({ Base: ['172.17.0.0/16', '172.18.0.0/16', '172.19.0.0/16', '172.20.0.0/14', '172.24.0.0/14', '172.28.0.0/14', '192.168.0.0/16'][at], Size })));

const failed = (code: number) => (): string => `!\n= ${code}`;

export const known: readonly Known[] = [
  { commands: /./, why: 'what Skiff refuses or cannot do is 125 everywhere, not only in run', ours: (theirs) => (theirs === '!\n= 1' ? '!\n= 125' : theirs) },
  { commands: /^inspect: inspect /, why: 'nothing is printed for an object that is not there, not even an empty line', ours: saying(/^\n!\n= 1$/, '!\n= 1') },
  { commands: /^create_and_start: start -a xc$/, why: 'the code says why the command could not be started, as in run', ours: failed(127) },
  { commands: /^run: run -d .*no-such-program$/, why: 'a container that could not be started is not left behind, and so has no id', ours: failed(127) },
  { commands: /^run: ps -a /, why: 'the same', ours: saying('  xb Created\n', '') },
  { commands: /^run: run .*--hostname bad name/, why: 'a name that no host can have is refused, as by later Dockers', ours: failed(125) },
  { commands: /^ps: ps -a --format (json|\{\{json \.\}\})$/, why: 'the platform is known; a template shows the size as `json` does', ours: (theirs) => theirs.replaceAll('"Platform":null', '"Platform":"linux/amd64"').replace(/ \(virtual [^)]*\)/g, '') },
  { commands: /^inspect: inspect --format \{\{\.Name\}\} \{\{\.Path/, why: "the storage driver has the kernel's name", ours: saying(' overlay2 ', ' overlay ') },
  { commands: /^inspect: .*\.Config\.Env/, why: 'the PATH that a command gets is told where neither image nor person gave one' },
  { commands: /^inspect: .*\.Config\.WorkingDir/, why: 'the directory that a command starts in is told where nobody gave one', ours: saying('""', '"/"') },
  { commands: /^inspect: .*\.Config\.StopSignal/, why: 'the signal that stop sends is told, by its full name', ours: (theirs) => theirs.replace('""', '"SIGTERM"').replace('"INT"', '"SIGINT"') },
  { commands: /^inspect: .*\.HostConfig\.Runtime/, why: 'containers are started by Skiff itself', ours: saying('runc', 'skiff') },
  { commands: /^inspect: .*\.HostConfig\.OomKillDisable/, why: 'it cannot be had, so it is not false', ours: saying('false', 'null') },
  { commands: /^inspect: .*\.HostConfig\.MaskedPaths/, why: 'later Dockers hide two more', ours: (theirs) => theirs.replace('"/proc/kcore"', '"/proc/interrupts","/proc/kcore"').replace('"/sys/firmware"', '"/sys/firmware","/sys/devices/virtual/powercap"') },
  { commands: /^inspect: .*\.NetworkSettings\.SandboxKey/, why: "a container's network namespace goes with its last process", ours: saying('<network namespace>', '') },
  { commands: /^logs: logs --tail nonsense xa$/, why: 'a wrong number is refused, not taken for all', ours: failed(125) },
  { commands: /^wait_kill_stop: stop --time=1/, why: 'both names of the flag are taken', ours: saying(/ {2}Flag --time has been deprecated.*\n/, '') },
  { commands: /^rm: container prune/, why: 'what becomes free is counted with log and records', ours: saying(/: 0B$/m, ': 57.3kB') },
  { commands: /^exec: exec (-d )?xa no-such-program$/, why: 'not found is 127, as in run and in later Dockers', ours: failed(127) },
  { commands: /^exec: exec (xa \/etc|-w|-u nobody)/, why: "the runtime's words go to standard error", ours: failed(126) },
  { commands: /^exec: exec --privileged/, why: 'this Docker does not know the capabilities of later kernels', ours: saying('0000003fffffffff', '000001ffffffffff') },
  { commands: /^cp: exec xa ls/, why: "what is copied in is root's, as Docker's documentation has it; rootless it is not in this one", ours: saying(/1001 {3}1001/, 'root   root') },
  { commands: /^commit_export: inspect .*made:two$/, why: 'see .Config.Env; an entrypoint that was emptied is empty', ours: (theirs) => theirs.replace('["FROM', '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","FROM').replace(/null$/m, '[]') },
  { commands: /^commit_export: history/, why: 'an import is called by its file', ours: (theirs) => theirs.replace(/Imported from -/, 'Imported from <file>') },
  { commands: /^events: .*Attributes\}\}$/, why: 'later Dockers tell how long a command ran', ours: (theirs) => theirs.replaceAll('{"exitCode":', '{"execDuration":"0","exitCode":') },
  { commands: /^events: .*Action/, why: 'no two spaces before the name', ours: (theirs) => theirs.replace(/true {2}/g, 'true ') },
  { commands: /^system: info --format .*DefaultAddressPools/, why: 'the ranges that networks get are told though nobody chose them, as by later Dockers', ours: (theirs) => theirs.replace('false null', `false ${pools}`) },
  { commands: /^system: (info|version) --format \{\{\.Nonsense/, why: 'nothing is printed for a template that fails, not even an empty line', ours: saying(/^\n!\n= 1$/, '!\n= 125') },
  {
    commands: /^system: system prune (--filter|--all)/,
    why: 'what builds remember has no labels, so it stays where labels are asked for; as with later Dockers only anonymous volumes go',
    ours: (theirs) => theirs.replace('all volumes', 'all anonymous volumes').replace(/ +- all (dangling )?build cache\n/, ''),
  },
  { commands: /^system: system prune -f( --filter label!=keep=yes)?$/, why: 'what becomes free is counted with log and records', ours: saying(/: 0B$/m, ': 57.3kB') },
  {
    commands: /^network: network inspect --format name=/,
    why: 'as by later Dockers the gateway is told that nobody chose, and a subnet by its first address',
    ours: (theirs) =>
      theirs.replace('10.86.3.7/16', '10.86.0.0/16').replace('"IPRange":"10.86.3.0/24"', '$&,"Gateway":"10.86.3.0"').replace(/"Subnet":"((?:10\.\d+\.0\.|fd00:87::))0?\/\d+"\}/g, (pool, start: string) => `${pool.slice(0, -1)},"Gateway":"${start}1"}`),
  },
  { commands: /^network: network ls .*--format json$/, why: 'this Docker does not know networks without IPv4', ours: saying('"IPv4":"false"', '"IPv4":"true"') },
  { commands: /^network_members: network ls --filter dangling=true/, why: 'a network that containers run in is not dangling; this Docker forgets to look', ours: saying('  xn\n', '') },
  { commands: /^network_members: (exec xa|run --rm --network xi busybox) ip route/, why: 'an internal network leads nowhere, and says so, as with later Dockers', ours: saying(/ {2}default via 10\.86.*\n/, '') },
  { commands: /^ports: (ps .*Ports|port x)/, why: 'addresses of IPv6 have brackets, as with later Dockers', ours: (theirs) => theirs.replace(/(^|[ [])::(?=:\d)/gm, '$1[::]') },
  { commands: /^ports: ps --filter name=xd/, why: 'what a container listens on is told of internal networks, too', ours: saying('[]', '[80/tcp]') },
  { commands: /^ports: run .*--network none/, why: 'that nothing is published is said', ours: saying('= 0', '!\n= 0') },
];
