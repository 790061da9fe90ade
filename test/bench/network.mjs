/**
 * The part of `npm run bench` that is about networks: published ports beside rootlessport and slirp4netns' own forwarding, our bridges beside a bare one,
 * names, and what a published port costs while nobody comes. iperf3 is its measure; values are Gbit/s, microseconds and bytes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

/** @typedef {import('./measure.mjs').Tool} Tool */
/** @typedef {{ tools: readonly Tool[], output: (tool: Tool, words: readonly string[]) => string, measure: import('./measure.mjs').Measure, note: (work: string, tool: { name: string }, value: number) => void, memoryOf: (pid: number) => number, home: string, turns: number }} Bench */

const seconds = '2';

/** @param {readonly string[]} command */
const run = (command) => {
  const [program = '', ...words] = command;
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8', cwd: '/' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${error?.message ?? (stderr.trim() || stdout.trim())}`);
  return stdout;
};

/** An image with busybox, iperf3 with its libraries, and the asker of names. @param {Bench} bench */
const makeImage = ({ tools, output, home }) => {
  const tree = join(home, 'iperf');
  cpSync(join(process.env['SKIFF_TEST_IMAGES'] ?? '', 'busybox'), tree, { recursive: true, verbatimSymlinks: true });
  const libraries = [...run(['ldd', '/usr/bin/iperf3']).matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
  for (const path of ['/usr/bin/iperf3', ...libraries]) cpSync(path, join(tree, path), { dereference: true });
  run(['gcc', '-O2', '-static', join(import.meta.dirname, 'ask-names.c'), '-o', join(tree, 'usr/bin/ask-names')]);
  for (const directory of ['tmp', 'proc', 'sys', 'dev', 'etc']) mkdirSync(join(tree, directory), { recursive: true });
  const tar = join(home, 'iperf.tar');
  run(['tar', '-C', tree, '-cf', tar, '.']);
  for (const tool of tools) output(tool, ['import', tar, 'iperf']);
};

/** What iperf3 says has arrived, Gbit/s. @param {readonly string[]} command up to and with `iperf3` @param {readonly string[]} words */
const throughput = (command, words) => JSON.parse(run([...command, ...words, '-t', seconds, '-J'])).end.sum_received.bits_per_second / 1e9;

/** An address of this machine that is no loopback, so that there is a client to be shown; undefined on a machine without a network. */
const ownAddress = () => Object.values(networkInterfaces()).flatMap((list) => list ?? []).find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

/** A port that nobody is given by chance. */
const somePort = () => `${10000 + Math.floor(Math.random() * 20000)}`;

/** @param {string} path */
const textOf = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** What carries the published ports of the container: podman's has its environment from us, ours is known by its network file. @param {Tool['name']} name @param {string} home @param {string} id */
const carriers = (name, home, id) => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).map(Number).filter((pid) => {
  const words = textOf(`/proc/${pid}/cmdline`);
  return name === 'skiff' ? words.startsWith('skiff-helper\0port\0') && words.includes(id) : words.includes('rootlessport') && textOf(`/proc/${pid}/environ`).includes(`HOME=${home}`);
});

/** @param {Bench} bench */
const measurePorts = async (bench) => {
  const { tools, output, measure, note, memoryOf, home, turns } = bench;
  const host = ownAddress();
  const start = (/** @type {Tool} */ tool, /** @type {string} */ name, /** @type {readonly string[]} */ flags) => {
    const port = somePort();
    return { tool, name, port, id: output(tool, ['run', '-d', '-p', `${port}:5201`, ...flags, 'iperf', 'iperf3', '-s']).trim() };
  };
  const ways = tools.flatMap((tool) => [start(tool, tool.name, []), ...(tool.name === 'podman' ? [start(tool, 'slirp4netns', ['--network', 'slirp4netns:port_handler=slirp4netns'])] : [])]);
  for (const { tool, name, id } of ways) if (name === tool.name) note('port-memory', tool, carriers(tool.name, home, id).reduce((sum, pid) => sum + memoryOf(pid), 0));
  await measure('port', turns, (way) => throughput(['iperf3'], ['-c', host ?? '127.0.0.1', '-p', way.port]), ways);
  for (const { tool, name, id } of ways) {
    if (host !== undefined && name === 'skiff' && !output(tool, ['logs', id]).includes(`Accepted connection from ${host}`)) throw new Error(`skiff: the container does not see ${host}`);
    output(tool, tool.name === 'podman' ? ['rm', '-f', '-t', '0', id] : ['rm', '-f', id]);
  }
};

/** Two network namespaces with a veth pair each, on a bridge with the same MTU and without any rules; ends with the process. */
const bareBridge = async () => {
  const script = `set -e
ip link add br0 mtu 65520 type bridge; ip link set br0 up
for setting in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e "$setting" ] || echo 0 >"$setting"; done
unshare -n sleep 100000 & a=$!
unshare -n sleep 100000 & b=$!
sleep 0.3
for i in 2:$a 3:$b; do
  ip link add v\${i%%:*} mtu 65520 master br0 type veth peer name eth0 mtu 65520 netns \${i#*:}
  ip link set v\${i%%:*} up
  nsenter -t \${i#*:} -n sh -c "ip addr add 10.77.0.\${i%%:*}/24 dev eth0; ip link set eth0 up"
done
echo $$ $a $b; read end; kill $a $b`;
  const keeper = spawn('unshare', ['--user', '--map-root-user', '--net', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
  const line = await new Promise((resolve) => keeper.stdout.once('data', (data) => resolve(String(data))));
  const [, a, b] = String(line).trim().split(' ');
  const within = (/** @type {string | undefined} */ pid) => ['nsenter', '-t', pid ?? '', '-U', '-n', '--preserve-credentials', 'iperf3'];
  const [program = '', ...words] = [...within(a), '-s'];
  const server = spawn(program, words, { stdio: 'ignore', cwd: '/' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    throughput: () => throughput(within(b), ['-c', '10.77.0.2']),
    end: () => {
      server.kill();
      keeper.stdin.end('\n');
    },
  };
};

/** @param {Bench} bench @param {Tool} skiff */
const measureBridge = async ({ tools, output, measure, turns }, skiff) => {
  for (const tool of tools) {
    output(tool, ['network', 'create', 'bench']);
    output(tool, ['run', '-d', '--network', 'bench', '--name', 'server', 'iperf', 'iperf3', '-s']);
    output(tool, ['run', '-d', '--network', 'bench', '--name', 'client', 'iperf', 'sleep', '100000']);
  }
  const bare = await bareBridge();
  const ways = [{ name: 'bare' }, ...tools];
  const once = (/** @type {{ name: string, program?: string }} */ way) => (way.program === undefined ? bare.throughput() : throughput([way.program, 'exec', 'client', 'iperf3'], ['-c', 'server']));
  await measure('bridge', turns, once, ways);
  bare.end();
  await measure('name', turns, (tool) => Number(output(tool, ['exec', 'client', 'ask-names', 'server', '2000'])), tools);
  for (const tool of tools) {
    output(tool, tool.name === skiff.name ? ['rm', '-f', 'server', 'client'] : ['rm', '-f', '-t', '0', 'server', 'client']);
    output(tool, ['network', 'rm', 'bench']);
  }
};

/** Everything about networks. @param {Bench} bench */
export const measureTraffic = async (bench) => {
  const [skiff] = bench.tools;
  if (skiff === undefined) return;
  makeImage(bench);
  await measurePorts(bench);
  await measureBridge(bench, skiff);
};
