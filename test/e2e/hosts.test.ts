/**
 * A home directory that several machines share: each has its own containers, sees those of the others with `ps --all-hosts`, and leaves them
 * alone. The other machine is a shell in namespaces with another machine id, another name and another runtime directory.
 * @also-on-node
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, importBusybox, output, removeAll, root, scratch, skiff, skiffCommand, unshared } from './skiff.ts';
import type { Result } from './skiff.ts';

interface Machine {
  readonly skiff: (...words: readonly string[]) => Promise<Result>;
  readonly stop: () => Promise<void>;
}

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** A machine that shares this one's home. What it starts lives as long as it. */
const bootMachine = (name: string): Machine => {
  const place = scratch();
  const run = join(place, 'run');
  mkdirSync(run, { mode: 0o700 });
  writeFileSync(join(place, 'machine-id'), 'feedfacefeedfacefeedfacefeedface\n');
  const script = `hostname ${name} || exit; [ ! -e /etc/machine-id ] || mount --bind "$PLACE/machine-id" /etc/machine-id || exit; while read -r line; do eval "$line"; echo $?; done`;
  const [program = '', ...words] = [...unshared(), '--uts', 'sh', '-c', script];
  const shell = spawn(program, words, { env: { ...process.env, PLACE: place, XDG_RUNTIME_DIR: run }, stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  return {
    skiff: async (...args) => {
      const [out, err] = [join(place, 'out'), join(place, 'err')];
      shell.stdin.write(`${[...skiffCommand, ...args].map(quote).join(' ')} </dev/null >${out} 2>${err}\n`);
      const { value = '-1' } = await answers.next();
      const bytes = readFileSync(out);
      return { status: Number(value), stdout: bytes.toString(), stderr: readFileSync(err, 'utf8'), bytes };
    },
    stop: () => new Promise((resolve) => {
      shell.on('exit', () => resolve());
      shell.stdin.end();
    }),
  };
};

const ok = ({ status, stdout, stderr }: Result): string => {
  assert.equal([status, stderr], [0, '']);
  return stdout;
};

let other: Machine;
let web = '';
let gone = '';

test.before(async () => {
  importBusybox();
  other = bootMachine('node2');
  web = ok(await other.skiff('run', '-d', '--network', 'none', '--name', 'web', 'busybox', 'sleep', '1000')).trim();
  ok(await other.skiff('run', '--network', 'none', '--name', 'gone', 'busybox', 'true'));
  gone = ok(await other.skiff('ps', '-aq', '--no-trunc', '-f', 'name=gone')).trim();
  output(['run', '-d', '--network', 'none', '--name', 'mine', 'busybox', 'sleep', '1000']);
});
test.after(async () => {
  removeAll();
  await other.skiff('rm', '-f', 'web', 'gone');
  await other.stop();
});

/** What the other machine has, as it sees it. */
const theirs = async (): Promise<string> => ok(await other.skiff('ps', '-a', '--format', '{{.Names}} {{.State}}'));

test('a list has the containers of one machine, unless all hosts are asked for', async () => {
  assert.is(output(['ps', '-a', '--format', '{{.Names}}']), 'mine\n');
  assert.is(await theirs(), 'gone exited\nweb running\n');
  const rows = output(['ps', '--all-hosts', '--format', '{{.Names}} {{.Host}} {{.State}}']);
  assert.is(rows, `mine ${hostname()} running\nweb node2 running\n`);
  assert.is(output(['ps', '-a', '--all-hosts', '-q']).split('\n').length, 4);
  const [head = '', mine = '', ended = '', running = ''] = output(['ps', '-a', '--all-hosts']).split('\n');
  assert.match(head, /NAMES +HOST$/);
  assert.match(mine, new RegExp(`mine +${hostname()}$`));
  assert.match(ended, /Exited \(0\) .* gone +node2$/);
  assert.match(running, /Up (Less than )?(a|\d+) (second|minute)s? .* web +node2$/);
  assert.equal(ok(await other.skiff('ps', '--all-hosts', '--format', '{{.Names}} {{.Host}}')), `mine ${hostname()}\nweb node2\n`);
  assert.is(JSON.parse(output(['ps', '--all-hosts', '--format', 'json', '-f', 'name=web'])).Host, 'node2');
});

test('every command with a name says whose the container is, and does nothing', async () => {
  const commands: readonly (readonly string[])[] = [
    ['start'], ['stop'], ['restart'], ['kill'], ['pause'], ['unpause'], ['wait'], ['rm'], ['rm', '-f'], ['attach'], ['logs'], ['inspect'], ['top'], ['stats', '--no-stream'], ['diff'], ['export', '-o', '/dev/null'], ['commit'],
  ];
  const calls = [...commands.flatMap((words) => ['web', web.slice(0, 12), web].map((word) => [...words, word])), ['rename', 'web', 'other'], ['exec', 'web', 'true'], ['cp', 'web:/etc/passwd', '/tmp'], ['run', '--pid', 'container:web', 'busybox', 'true']];
  for (const words of calls) {
    const { status, stderr } = skiff(words);
    assert.is(status, ['exec', 'run', 'attach'].includes(words[0] ?? '') ? status : 1, words.join(' '));
    assert.ok(status > 0, words.join(' '));
    assert.match(stderr, /^skiff: container \S+ is one of host node2, with which this one shares its home directory; run this command on node2\n$/, words.join(' '));
  }
  assert.is(await theirs(), 'gone exited\nweb running\n');
});

test('removing all, pruning, healing and removing images leaves the other machine its own', async () => {
  output(['run', '--network', 'none', '--name', 'ended', 'busybox', 'true']);
  assert.match(output(['container', 'prune', '-f']), /^Deleted Containers:\n[0-9a-f]{64}\n\n/);
  output(['rm', '-f', ...output(['ps', '-aq']).trim().split('\n')]);
  assert.is(skiff(['rmi', 'busybox']).status, 1, 'a stopped or running container of the other machine needs it');
  assert.is(skiff(['image', 'prune', '-af']).status, 0);
  assert.is(output(['ps', '-aq']), '');
  assert.is(await theirs(), 'gone exited\nweb running\n');
  assert.is(ok(await other.skiff('exec', 'web', 'cat', '/proc/1/comm')), 'sleep\n');
  assert.is(ok(await other.skiff('start', '-a', 'gone')), '');
  // A record that says it runs, on a machine that is off: nobody here may find fault with it.
  const state = join(containerDirectories().find((path) => path.endsWith(gone)) ?? '', 'state.json');
  const written = readFileSync(state, 'utf8');
  const lie = JSON.stringify({ ...JSON.parse(written), status: 'running', pid: 4194304, pidStart: '1', monitorPid: 4194304, monitorStart: '1' });
  writeFileSync(state, lie);
  assert.match(output(['ps', '--all-hosts', '--format', '{{.Names}} {{.State}}']), 'gone running\n');
  output(['run', '--rm', '--network', 'none', 'busybox', 'true']);
  assert.is(readFileSync(state, 'utf8'), lie);
  writeFileSync(state, written);
});

test('a name is taken on one machine only', async () => {
  output(['create', '--name', 'web', 'busybox', 'true']);
  assert.is(output(['ps', '-a', '--format', '{{.Names}}']), 'web\n');
  output(['rm', 'web']);
  assert.is(await theirs(), 'gone exited\nweb running\n');
});

test('host-id: hostname tells machines apart that have one machine id', () => {
  const settings = join(scratch(), 'config.yaml');
  writeFileSync(settings, 'host-id: hostname\n');
  const env = { SKIFF_CONFIG: settings };
  output(['create', '--name', 'by-name', 'busybox', 'true'], { env });
  assert.ok(existsSync(join(root, 'hosts', hostname(), 'names', 'by-name')));
  output(['rm', 'by-name'], { env });
  writeFileSync(settings, 'host-id: both\n');
  assert.is(skiff(['ps'], { env }).stderr, `skiff: ${settings}: host-id must be machine-id or hostname\n`);
});

test.run();
