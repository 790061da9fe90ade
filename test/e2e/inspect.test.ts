/**
 * `skiff inspect`, `top` and `stats`: what is known of containers and images, and what they do.
 * @also-on-node
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { atTerminal, ctrl } from './pty.ts';
import { containerDirectories, eventually, importBusybox, loadImage, output, removeAll, scratch, skiff } from './skiff.ts';

type Json = Readonly<Record<string, any>>;

const start = (name: string, flags: readonly string[], ...command: readonly string[]): string =>
  output(['run', '-d', '--network', 'none', '--name', name, ...flags, 'busybox', ...command]).trim();

/** What `inspect` says of one. */
const inspect = (word: string, ...flags: readonly string[]): Json => {
  const [one, ...others] = JSON.parse(output(['inspect', ...flags, word])) as Json[];
  assert.is(others.length, 0);
  return one ?? {};
};

const format = (template: string, ...words: readonly string[]): string => output(['inspect', '-f', template, ...words]).trimEnd();

let web = '';

test.before(() => {
  importBusybox();
  web = start('web', ['-l', 'tier=front', '-l', 'own', '-e', 'A=b c'], 'sh', '-c', 'sleep 1000 & exec sleep 2000');
  skiff(['run', '--network', 'none', '--name', 'gone', 'busybox', 'sh', '-c', 'exit 7']);
});
test.after(removeAll);

test('every member of Docker\'s that scripts read, with the truth in it', () => {
  const one = inspect('web');
  assert.equal([one['Id'], one['Name'], one['Path'], one['Args']], [web, '/web', 'sh', ['-c', 'sleep 1000 & exec sleep 2000']]);
  const { Pid, StartedAt, ...state } = one['State'];
  assert.equal(state, { Status: 'running', Running: true, Paused: false, Restarting: false, OOMKilled: false, Dead: false, ExitCode: 0, Error: '', FinishedAt: '0001-01-01T00:00:00Z' });
  assert.ok(Pid > 1 && Math.abs(Date.parse(StartedAt) - Date.parse(one['Created'])) < 60_000);
  assert.match(one['Image'], /^sha256:[0-9a-f]{64}$/);
  assert.is(one['Image'], output(['images', '-q', '--no-trunc', 'busybox']).trim());
  assert.equal(one['Config'].Env.filter((line: string) => !line.startsWith('PATH=')), ['A=b c']);
  assert.equal(one['Config'].Labels, { own: '', tier: 'front' });
  assert.equal([one['Config'].Image, one['Config'].Hostname, one['Config'].Tty, one['Config'].WorkingDir], ['busybox', web.slice(0, 12), false, '/']);
  assert.equal([one['HostConfig'].NetworkMode, one['HostConfig'].AutoRemove, one['HostConfig'].Privileged, one['HostConfig'].Memory], ['none', false, false, 0]);
  assert.equal([Object.keys(one['NetworkSettings'].Networks), one['NetworkSettings'].Ports, one['Mounts']], [['none'], {}, []]);
  for (const name of ['ResolvConfPath', 'HostnamePath', 'HostsPath', 'LogPath']) assert.ok(one[name].startsWith(`${containerDirectories().find((path) => path.endsWith(web))}/`), name);
  for (const name of ['RestartCount', 'Driver', 'Platform', 'MountLabel', 'ProcessLabel', 'AppArmorProfile', 'ExecIDs', 'GraphDriver']) assert.ok(name in one, name);
  assert.not.ok('SizeRw' in one);
});

test('a container that has ended: its exit code and its times', () => {
  const { State: state } = inspect('gone');
  assert.equal([state.Status, state.Running, state.Pid, state.ExitCode], ['exited', false, 0, 7]);
  assert.ok(Date.parse(state.FinishedAt) >= Date.parse(state.StartedAt) && Date.parse(state.StartedAt) > 1e12);
});

test('flags as they were given', () => {
  const directory = scratch();
  writeFileSync(join(directory, 'x'), '');
  const flags = ['-v', './x:/x:ro', '--mount', `type=bind,src=${directory},dst=/d`, '--mount', 'type=tmpfs,dst=/m', '--tmpfs', '/t:size=1m', '--cap-add', 'net_admin', '--cap-drop', 'CAP_CHOWN', '--read-only', '--security-opt', 'no-new-privileges',
    '--shm-size', '1m', '--ulimit', 'nofile=100:200', '--sysctl', 'net.ipv4.ip_forward=1', '--add-host', 'a:192.0.2.1', '--hostname', 'h', '--user', '0:0', '--workdir', '/d', '--pid', 'container:web', '--stop-signal', 'INT', '-i', '--entrypoint', 'sleep'];
  output(['run', '-d', '--network', 'none', '--name', 'many', ...flags, 'busybox', '1000'], { cwd: directory });
  const { HostConfig: host, Config: config, Mounts: mounts } = inspect('many');
  assert.equal(host.Binds, [`${directory}/x:/x:ro`]);
  assert.equal(host.Mounts, [{ Type: 'bind', Source: directory, Target: '/d' }, { Type: 'tmpfs', Target: '/m' }]);
  assert.equal(mounts.map((mount: Json) => [mount['Type'], mount['Source'], mount['Destination'], mount['Mode'], mount['RW'], mount['Propagation']]), [
    ['bind', `${directory}/x`, '/x', 'ro', false, 'rprivate'],
    ['bind', directory, '/d', '', true, 'rprivate'],
    ['tmpfs', '', '/m', '', true, ''],
  ]);
  assert.equal([host.Tmpfs, host.CapAdd, host.CapDrop, host.SecurityOpt], [{ '/t': 'size=1m' }, ['CAP_NET_ADMIN'], ['CAP_CHOWN'], ['no-new-privileges']]);
  assert.equal([host.ReadonlyRootfs, host.ShmSize, host.Sysctls, host.ExtraHosts], [true, 1 << 20, { 'net.ipv4.ip_forward': '1' }, ['a:192.0.2.1']]);
  assert.equal([host.Ulimits, host.PidMode], [[{ Name: 'nofile', Hard: 200, Soft: 100 }], 'container:web']);
  assert.equal([config.Hostname, config.User, config.WorkingDir, config.OpenStdin, config.StopSignal], ['h', '0:0', '/d', true, 'SIGINT']);
  assert.equal([config.Entrypoint, config.Cmd], [['sleep'], ['1000']]);
});

test('entry point and command of an image are told apart', () => {
  loadImage('split', { Entrypoint: ['echo', '-n'], Cmd: ['x'] });
  output(['run', '--network', 'none', '--name', 'split1', 'split']);
  output(['run', '--network', 'none', '--name', 'split2', 'split', 'y', 'z']);
  assert.is(format('{{json .Config.Entrypoint}} {{json .Config.Cmd}}', 'split1', 'split2'), '["echo","-n"] ["x"]\n["echo","-n"] ["y","z"]');
  assert.is(format('{{json .Config.Entrypoint}} {{json .Config.Cmd}}', 'web'), 'null ["sh","-c","sleep 1000 & exec sleep 2000"]');
});

test('templates: fields, json, index, range, members that Docker leaves out', () => {
  assert.is(format('{{.State.Status}}', 'web', 'gone'), 'running\nexited');
  assert.is(format('{{index .Config.Labels "tier"}}{{range .Args}} {{.}}{{end}}', 'web'), 'front -c sleep 1000 & exec sleep 2000');
  assert.equal(JSON.parse(format('{{json .Config}}', 'web')), inspect('web')['Config']);
  assert.equal(JSON.parse(format('json', 'web')), inspect('web'));
  assert.is(format('{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}} {{.Config.Healthcheck}} {{len .Mounts}}', 'web'), 'none <nil> 0');
  assert.equal([64, ''], [skiff(['inspect', '-f', '{{.Id', 'web']).status, skiff(['inspect', '-f', '{{.Id', 'web']).stdout]);
  const { status, stderr } = skiff(['inspect', '-f', '{{.Nothing}}', 'web']);
  assert.is(status, 1);
  assert.match(stderr, /^skiff: template: can't evaluate field Nothing.*\n$/);
});

test('several words: what is there is printed, what is not makes it 1', () => {
  const { status, stdout, stderr } = skiff(['inspect', 'nosuch', web.slice(0, 6), '-f', '{{.Name}}', 'gone']);
  assert.equal({ status, stdout, stderr }, { status: 1, stdout: '/web\n/gone\n', stderr: 'skiff: no such object: nosuch\n' });
  const none = skiff(['inspect', 'nosuch', 'no such']);
  assert.equal([none.status, none.stdout, none.stderr], [1, '[]\n', 'skiff: no such object: nosuch\nskiff: no such object: no such\n']);
  const container = skiff(['container', 'inspect', 'busybox']);
  assert.equal([container.status, container.stdout, container.stderr], [1, '[]\n', 'skiff: no such container: busybox\n']);
  assert.is(JSON.parse(output(['container', 'inspect', 'web', 'gone'])).length, 2);
});

test('containers before images, unless a type is given', () => {
  output(['run', '--network', 'none', '--name', 'busybox', 'busybox', 'true']);
  assert.is(inspect('busybox')['Name'], '/busybox');
  assert.equal(inspect('busybox', '--type', 'image')['RepoTags'], ['busybox:latest']);
  output(['rm', 'busybox']);
  assert.equal(inspect('busybox')['RepoTags'], ['busybox:latest']);
  assert.is(skiff(['inspect', '--type', 'container', 'busybox']).status, 1);
  assert.is(skiff(['inspect', '--type', 'image', 'web']).status, 1);
  assert.is(skiff(['inspect', '--type', 'volume', 'web']).status, 1);
  assert.is(skiff(['inspect', '--type', 'plugin', 'web']).status, 125);
});

test('a beginning that fits several containers is no image, even where one begins so', () => {
  const digit = output(['images', '-q', 'busybox'])[0] ?? '';
  const ids: string[] = [];
  while (ids.filter((id) => id.startsWith(digit)).length < 2) ids.push(output(['create', '--network', 'none', 'busybox', 'true']).trim());
  const { status, stdout, stderr } = skiff(['inspect', digit]);
  output(['rm', ...ids]);
  assert.equal([status, stdout], [1, '[]\n']);
  assert.match(stderr, new RegExp(`^skiff: '${digit}' begins the ids of \\d+ containers; `));
});

test('--size counts what was written, and the image', () => {
  output(['exec', 'web', 'sh', '-c', 'head -c 307200 /dev/zero > /big']);
  const { SizeRw, SizeRootFs } = inspect('web', '-s');
  assert.ok(SizeRw >= 300 * 1024 && SizeRw < 600 * 1024, String(SizeRw));
  assert.ok(SizeRootFs > SizeRw + 500_000, String(SizeRootFs));
});

test('a damaged record is named', () => {
  skiff(['run', '--network', 'none', '--name', 'broken', 'busybox', 'true']);
  const directory = containerDirectories().find((path) => path.endsWith(inspect('broken')['Id'])) ?? '';
  writeFileSync(join(directory, 'config.json'), '{"damaged');
  const { status, stdout, stderr } = skiff(['inspect', 'broken']);
  assert.equal([status, stdout], [1, '[]\n']);
  assert.match(stderr, /^skiff: .*config\.json is damaged: .*\n$/);
  output(['rm', '-f', 'broken']);
});

test('top shows the container\'s processes and no others, those of exec too', () => {
  output(['exec', '-d', 'web', 'sleep', '3000']);
  const [head = '', ...lines] = output(['top', 'web']).trimEnd().split('\n');
  assert.equal(head.split(/\s+/), ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
  const rows = lines.map((line) => line.split(/\s{2,}/));
  assert.equal(rows.map((row) => row[7]).sort(), ['sleep 1000', 'sleep 2000', 'sleep 3000']);
  const first = rows.find((row) => row[7] === 'sleep 2000') ?? [];
  assert.equal([first[0], first[1], first[5]], [userInfo().username, String(inspect('web')['State'].Pid), '?']);
  assert.match(first.slice(2).join(' '), /^\d+ \d+ \d\d:\d\d \? 00:00:\d\d sleep 2000$/);
});

test('top with options for ps', () => {
  const lines = output(['top', 'web', '-o', 'pid,args']).trimEnd().split('\n').map((line) => line.split(/\s{2,}/));
  assert.equal(lines[0], ['PID', 'COMMAND']);
  assert.equal(lines.slice(1).map((line) => line[1]).sort(), ['sleep 1000', 'sleep 2000', 'sleep 3000']);
  assert.match(output(['top', 'web', 'aux']), /^USER +PID .*COMMAND\n(.*sleep \d000\n){3}$/);
  for (const options of [['-o', 'comm'], ['--nonsense']]) {
    const { status, stdout, stderr } = skiff(['top', 'web', ...options]);
    assert.equal([status, stdout], [1, '']);
    assert.match(stderr, /^skiff: [^\n]+\n$/);
  }
});

test('top of what does not run, or is not there', () => {
  assert.equal(skiff(['top', 'gone']).status, 1);
  assert.match(skiff(['top', 'gone']).stderr, /^skiff: container gone is not running.*\n$/);
  const { status, stderr } = skiff(['container', 'top', 'nosuch']);
  assert.equal([status, stderr], [1, 'skiff: no such container: nosuch\n']);
});

test('processes with the host\'s pids are told from the host\'s', async () => {
  start('shared', ['--pid', 'host'], 'sh', '-c', 'sleep 4000 & exec sleep 5000');
  const commands = (): string => output(['top', 'shared']).trimEnd().split('\n').slice(1).map((line) => line.split(/\s{2,}/)[7]).sort().join();
  await eventually('the shell has become its last command', () => commands() === 'sleep 4000,sleep 5000');
});

test('stats: Docker\'s columns, of those that run', () => {
  const [head = '', ...lines] = output(['stats', '--no-stream', 'web']).trimEnd().split('\n');
  assert.match(head, /^CONTAINER ID {3}NAME {6}CPU % {5}MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/);
  assert.is(lines.length, 1);
  assert.match(lines[0] ?? '', new RegExp(`^${web.slice(0, 12)} {3}web {7}\\d+\\.\\d\\d% +[\\d.]+[KM]iB / [\\d.]+GiB +\\d+\\.\\d\\d% +0B / 0B +\\S+ / \\S+ +3$`));
  const names = output(['stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}']).trim().split('\n').sort();
  assert.ok(names.includes('web 3') && !names.some((name) => name.startsWith('gone')));
  const all = output(['stats', '-a', '--no-stream', '--no-trunc', '--format', 'json']).trim().split('\n').map((line) => JSON.parse(line) as Json);
  const gone = all.find((row) => row['Name'] === 'gone') ?? {};
  assert.equal([gone['CPUPerc'], gone['MemUsage'], gone['PIDs']], ['0.00%', '0B / 0B', '0']);
  assert.is(all.find((row) => row['Name'] === 'web')?.['ID'], web);
});

test('stats: a busy processor, memory in use, bytes over the network', () => {
  output(['run', '-d', '--name', 'busy', 'busybox', 'sh', '-c', 'head -c 20000000 /dev/zero | tail -c 20000000 | sleep 1000 & while :; do :; done']);
  output(['exec', 'busy', 'ping', '-c', '1', '-w', '5', '172.17.0.1']);
  const row = JSON.parse(output(['stats', '--no-stream', '--format', 'json', 'busy'])) as Json;
  output(['rm', '-f', 'busy']);
  assert.ok(parseFloat(row['CPUPerc']) > 10 && parseFloat(row['CPUPerc']) < 300, row['CPUPerc']);
  assert.match(row['MemUsage'], /^[\d.]+MiB \/ /);
  assert.match(row['NetIO'], /^\S+B \/ [1-9]\S*B$/);
});

test('stats without --no-stream goes on until the container is removed', () => {
  output(['run', '-d', '--rm', '--network', 'none', '--name', 'passing', 'busybox', 'sleep', '3']);
  const lines = output(['stats', 'passing', '--format', '{{.Name}}'], { timeout: 20000 }).trim().split('\n');
  assert.ok(lines.length >= 1 && lines.every((line) => line === 'passing'), lines.join());
  const { status, stderr } = skiff(['stats', '--no-stream', 'nosuch']);
  assert.equal([status, stderr], [1, 'skiff: no such container: nosuch\n']);
});

test('stats on a terminal: one table is drawn over the other, until Ctrl-C', () => {
  const { killedBy, mode, screen } = atTerminal(['stats', 'web'], ['expect:\u001b[2J\u001b[HCONTAINER ID', 'expect: web ', 'expect:\u001b[J', 'expect:\u001b[HCONTAINER ID', 'expect: web ', 'expect:\u001b[J', `send:${ctrl('c')}`], '24x140');
  assert.equal([killedBy, mode, screen.split('\u001b[2J').length], [2, 'cooked', 2]);
});

test('what is paused: said so, and its processes are still there', () => {
  output(['pause', 'web']);
  try {
    assert.is(format('{{.State.Status}} {{.State.Running}} {{.State.Paused}}', 'web'), 'paused true true');
    assert.match(output(['top', 'web']), /sleep 2000/);
    assert.match(output(['stats', '--no-stream', '--format', '{{.CPUPerc}} {{.PIDs}}', 'web']), /^0\.00% 3\n$/);
  } finally {
    output(['unpause', 'web']);
  }
  assert.is(format('{{.State.Status}} {{.State.Paused}}', 'web'), 'running false');
});

test.run();
