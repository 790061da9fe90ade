/**
 * `skiff volume …`: what is made, listed, shown and removed, and what is not.
 * @time-limit 600
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tar } from '../tar-maker.ts';
import type { Entry } from '../tar-maker.ts';
import { bare, importBusybox, inBusybox, output, removeAll, root, scratch, skiff, skiffCommand } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(() => {
  removeAll();
  skiff(['volume', 'prune', '-af']);
});

const names = (...flags: readonly string[]): readonly string[] => output(['volume', 'ls', '-q', ...flags]).split('\n').filter((name) => name !== '');
const fails = (args: readonly string[], code: number, words: RegExp): void => {
  const { status, stdout, stderr } = skiff(args);
  assert.equal([status, stdout], [code, ''], args.join(' '));
  assert.match(stderr, words);
};

test('create prints the name, given or made up, and is content with what is there', () => {
  assert.is(output(['volume', 'create', '--label', 'a=b', '--label', 'c', 'data']), 'data\n');
  assert.is(output(['volume', 'create', 'data']), 'data\n');
  assert.is(output(['volume', 'create', '--name', 'older']), 'older\n');
  assert.match(output(['volume', 'create']), /^[0-9a-f]{64}\n$/);
  const [volume] = JSON.parse(output(['volume', 'inspect', 'data'])) as readonly Record<string, unknown>[];
  assert.match(String(volume?.['CreatedAt']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal({ ...volume, CreatedAt: '' }, { CreatedAt: '', Driver: 'local', Labels: { a: 'b', c: '' }, Mountpoint: join(root, 'volumes/data/_data'), Name: 'data', Options: {}, Scope: 'local' });
  assert.is(output(['volume', 'inspect', '-f', '{{.Mountpoint}}', 'data']), `${join(root, 'volumes/data/_data')}\n`);
  assert.is(output(['inspect', '--type', 'volume', '-f', '{{.Name}}', 'data']), 'data\n');
  assert.is(output(['inspect', '-f', '{{.Name}}', 'data']), 'data\n', 'what nothing else is called so');
});

test('names and options that Docker would not take either', () => {
  fails(['volume', 'create', 'a/b'], 1, /^skiff: "a\/b" includes invalid characters for a local volume name, only "\[a-zA-Z0-9\]\[a-zA-Z0-9_.-\]" are allowed/);
  fails(['volume', 'create', '..'], 1, /invalid characters/);
  fails(['volume', 'create', 'a'], 1, /too short/);
  fails(['volume', 'create', '-o', 'foo=bar', 'data'], 1, /^skiff: invalid option: "foo"/);
  fails(['volume', 'create', '-o', 'type=tmpfs', 'data'], 1, /^skiff: missing required option: "device"/);
  fails(['volume', 'create', '-d', 'nowhere', 'data'], 1, /^skiff: .*plugin "nowhere" not found/);
  fails(['volume', 'create', '--name', 'ab', 'cd'], 125, /conflicting options/);
  fails([...bare, '-v', 'a$b:/x', 'busybox', 'true'], 125, /invalid characters/);
  const none = skiff(['volume', 'inspect', 'none']);
  assert.equal([none.status, none.stdout, none.stderr], [1, '[]\n', 'skiff: no such volume: none\n']);
  output(['volume', 'create', 'data']);
  fails(['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'data'], 1, /already exists with other options/);
  fails(['volume', 'update', 'data'], 1, /can only update cluster volumes/);
  assert.equal(names(), ['data']);
});

test('ls: filters, formats, and a record that is damaged', () => {
  for (const [name, label] of [['alpha', 'k=1'], ['beta', 'k=2'], ['betamax', 'z']] as const) output(['volume', 'create', '--label', label, name]);
  output(['create', '--name', 'user', '-v', 'beta:/x', 'busybox', 'true']);
  assert.is(output(['volume', 'ls']), 'DRIVER    VOLUME NAME\nlocal     alpha\nlocal     beta\nlocal     betamax\n');
  assert.equal(names('-f', 'name=beta'), ['beta', 'betamax']);
  assert.equal(names('-f', 'name=^beta$'), ['beta']);
  assert.equal(names('-f', 'label=k'), ['alpha', 'beta']);
  assert.equal(names('-f', 'label=k=2', '-f', 'driver=local'), ['beta']);
  assert.equal(names('-f', 'dangling=true'), ['alpha', 'betamax']);
  assert.equal(names('-f', 'dangling=0'), ['beta']);
  assert.equal(names('-f', 'driver=other'), []);
  assert.is(output(['volume', 'ls', '--format', '{{.Name}} {{.Driver}} {{.Scope}} {{.Label "k"}}', '-f', 'label=k']), 'alpha local local 1\nbeta local local 2\n');
  assert.is(JSON.parse(output(['volume', 'ls', '--format', 'json', '-f', 'name=alpha'])).Mountpoint, join(root, 'volumes/alpha/_data'));
  fails(['volume', 'ls', '-f', 'color=red'], 1, /invalid filter 'color'/);
  writeFileSync(join(root, 'volumes/alpha/volume.json'), '{');
  const { status, stdout, stderr } = skiff(['volume', 'ls', '-q']);
  assert.equal([status, stdout], [0, 'beta\nbetamax\n']);
  assert.match(stderr, /volumes\/alpha\/volume\.json is damaged: it is not JSON/);
  rmSync(join(root, 'volumes/alpha'), { recursive: true });
});

test('rm: never what a container names, running or not', () => {
  output(['volume', 'create', 'free']);
  const id = output(['create', '--name', 'user', '-v', 'used:/x', 'busybox', 'true']).trim();
  const both = skiff(['volume', 'rm', 'used', 'free', 'none']);
  assert.equal([both.status, both.stdout], [1, 'free\n']);
  assert.match(both.stderr, new RegExp(`^skiff: remove used: volume is in use - \\[${id}\\].*\\nskiff: no such volume: none\\n$`));
  assert.is(skiff(['volume', 'rm', '-f', 'none']).stdout, 'none\n');
  assert.is(skiff(['volume', 'rm', '-f', 'used']).status, 1);
  output(['rm', 'user']);
  assert.is(output(['volume', 'rm', 'used']), 'used\n');
  assert.equal(readdirSync(join(root, 'volumes')), ['.lock']);
});

test('prune: anonymous ones, and with -a those with a name, that nobody names', () => {
  output(['volume', 'create', '--label', 'keep', 'kept']);
  output(['volume', 'create', 'named']);
  const anonymous = output(['volume', 'create']).trim();
  output(['create', '--name', 'user', '-v', 'used:/x', '-v', '/y', 'busybox', 'true']);
  inBusybox(['-v', 'named:/x'], 'dd if=/dev/zero of=/x/big bs=1k count=100 2>/dev/null; chown -R 5:6 /x');
  assert.match(skiff(['volume', 'prune'], { input: 'n\n' }).stdout, /^WARNING! This will remove anonymous local volumes not used by at least one container\./);
  assert.is(output(['volume', 'prune', '-f']).split('\n').slice(0, 2).join('\n'), `Deleted Volumes:\n${anonymous}`);
  assert.match(output(['volume', 'prune', '-af', '--filter', 'label!=keep']), /^Deleted Volumes:\nnamed\n\nTotal reclaimed space: 1\d\d(\.\d+)?kB\n$/);
  assert.is(names().length, 3);
  output(['rm', '-v', 'user']);
  assert.equal(names(), ['kept', 'used']);
  assert.is(output(['volume', 'prune', '-f', '--filter', 'all=1', '--filter', 'label=keep']).split('\n')[1], 'kept');
  fails(['volume', 'prune', '-f', '--filter', 'until=1h'], 1, /invalid filter 'until'/);
  assert.is(output(['volume', 'prune', '-f']), 'Total reclaimed space: 0B\n');
});

test('while a container\'s record cannot be read no volume is removed', () => {
  output(['create', '--name', 'user', '-v', 'used:/x', 'busybox', 'true']);
  const [host = ''] = readdirSync(join(root, 'hosts'));
  const [id = ''] = readdirSync(join(root, 'hosts', host, 'containers'));
  writeFileSync(join(root, 'hosts', host, 'containers', id, 'spec.json'), '{"version":1');
  assert.match(skiff(['volume', 'rm', 'used']).stderr, /does not say which volumes its container names/);
  skiff(['volume', 'prune', '-af']);
  assert.equal(names(), ['used']);
  output(['rm', '-f', id]);
});

test('a maker that was killed leaves nothing that counts, and a remover\'s work is ended or undone', () => {
  output(['volume', 'create', 'data']);
  const directory = join(root, 'volumes');
  const id = output(['create', '--name', 'user', '-v', 'data:/x', 'busybox', 'true']).trim();
  // As a remover leaves it that is killed between taking the name away and giving it back.
  renameSync(join(directory, 'data'), join(directory, '.removing-1-1-0'));
  writeFileSync(join(scratch(), 'x'), '');
  output(['volume', 'prune', '-f']);
  assert.equal(names(), ['data'], `container ${id} names it`);
  output(['rm', 'user']);
  renameSync(join(directory, 'data'), join(directory, '.removing-1-1-0'));
  renameSync(join(directory, '.removing-1-1-0'), join(directory, '.making-1-1-0'));
  output(['volume', 'prune', '-f']);
  assert.equal(readdirSync(directory), ['.lock']);
});

test('in and out as a tar, and a copy', () => {
  inBusybox(['-v', 'from:/x'], 'cd /x; echo one > a; ln a b; ln -s a c; mkdir d; chown -R 7:8 .; chmod 2750 .; mkfifo pipe; dd if=/dev/zero of=sparse bs=1 count=1 seek=5000000 2>/dev/null');
  const script = 'cd /x; stat -c "%n %u:%g %a %h %s" . a b c d pipe sparse; cat b; readlink c; du -k sparse | cut -f 1';
  const seen = inBusybox(['-v', 'from:/x'], script);
  const file = join(scratch(), 'from.tar');
  output(['volume', 'export', '-o', file, 'from']);
  assert.is(output(['volume', 'import', 'to', file]), 'to\n');
  assert.is(inBusybox(['-v', 'to:/x'], script), seen);
  output(['volume', 'import', 'piped'], { input: skiff(['volume', 'export', 'from']).bytes });
  assert.is(inBusybox(['-v', 'piped:/x'], script), seen);
  assert.is(output(['volume', 'clone', 'from', 'copy']), 'copy\n');
  assert.is(inBusybox(['-v', 'copy:/x'], script), seen);
  inBusybox(['-v', 'copy:/x'], 'echo two > /x/a');
  assert.match(inBusybox(['-v', 'from:/x'], 'cat /x/a'), /^one/);
  fails(['volume', 'clone', 'from', 'copy'], 1, /already exists/);
  fails(['volume', 'clone', 'none', 'other'], 1, /no such volume: none/);
  fails(['volume', 'export', 'none'], 1, /no such volume: none/);
});

test('a hostile archive reaches nothing outside', () => {
  const at = scratch();
  writeFileSync(join(at, 'canary'), 'host');
  const archive = (...entries: readonly Entry[]): string => {
    const path = join(scratch(), 'x.tar');
    writeFileSync(path, tar(...entries));
    return path;
  };
  const files = [
    archive({ name: 'out', type: 'symlink', linkname: at }, { name: 'out/canary', data: 'changed' }),
    archive({ name: `${at}/canary`, data: 'changed' }),
    archive({ name: '../../../canary', data: 'changed' }),
    archive({ name: 'hard', type: 'hardlink', linkname: join(at, 'canary') }),
  ];
  for (const file of files) {
    const { status, stderr } = skiff(['volume', 'import', 'vol', file]);
    assert.is(status, 1, file);
    assert.match(stderr, /^skiff: refusing the archive for volume vol: /);
  }
  output(['volume', 'import', 'vol', archive({ name: 'device', type: 'char', major: 1, minor: 3 })]);
  assert.is(inBusybox(['-v', 'vol:/x'], 'ls -A /x | grep -v out || true'), '', 'a device is nothing that a user could make');
  assert.equal(readdirSync(at), ['canary']);
  assert.ok(!existsSync(join(root, 'volumes/canary')));
});

/** Starts `skiff` and resolves with its exit code and standard error. */
const started = (args: readonly string[]): Promise<readonly [number, string]> =>
  new Promise((resolve) => {
    const [program, ...words] = skiffCommand;
    const child = spawn(program, [...words, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('close', (code) => resolve([code ?? 125, said]));
  });

test('rm and prune against create and run: nobody loses a volume that he names', async () => {
  for (let round = 0; round < 12; round += 1) {
    const name = `race${round}`;
    output(['volume', 'create', name]);
    const [create, run] = await Promise.all([
      started(['create', '--name', name, '-v', `${name}:/x`, '-v', '/anonymous', 'busybox', 'true']),
      started([...bare, '-v', `${name}:/x`, 'busybox', 'true']),
      started(['volume', 'rm', name]),
      started(['volume', 'prune', '-af']),
    ]);
    assert.equal([create, run], [[0, ''], [0, '']], `round ${round}`);
    const named = JSON.parse(output(['inspect', '-f', '{{json .Mounts}}', name])) as readonly { readonly Name: string }[];
    assert.is(named.length, 2);
    for (const { Name } of named) assert.ok(existsSync(join(root, 'volumes', Name, '_data')), `round ${round}: ${Name} is named and not there`);
  }
});


test.run();
