/** The unit, the line of a crontab, and what they carry. What systemd, sh and cron make of them is seen in test/e2e/boot and test/vm/reboot. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync, chmodSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { unspeakable } from '../../src/core/boot-command.ts';
import type { BootCommand } from '../../src/core/boot-command.ts';
import { bootLine, hasBootLine, withBootLine, withoutBootLine } from '../../src/core/crontab.ts';
import { parseEnvironment } from '../../src/core/systemd-environment.ts';
import { isOurUnit, unitText } from '../../src/core/systemd-unit.ts';
import { bootEnvironment } from '../../src/system/boot-command.ts';

const plain: BootCommand = { program: '/usr/bin/skiff', args: [], environment: [] };
const odd: BootCommand = { program: '/opt/100% of $HOME/skiff', args: ['/a $b %h.cjs'], environment: [['SKIFF_ROOT', '/x "y" \\ %h $HOME']] };

const lineOf = (text: string, key: string): string => text.split('\n').find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';

test('the unit: a failed start leaves the others running, nobody is killed early, and one that runs out of memory takes nobody along', () => {
  const text = unitText(plain);
  assert.ok(isOurUnit(text));
  assert.is(lineOf(text, 'ExecStart'), '-"/usr/bin/skiff" system boot');
  assert.is(lineOf(text, 'ExecStop'), '-"/usr/bin/skiff" system shutdown');
  for (const [key, value] of [['Type', 'oneshot'], ['RemainAfterExit', 'yes'], ['TimeoutStartSec', 'infinity'], ['TimeoutStopSec', 'infinity'], ['OOMPolicy', 'continue'], ['WantedBy', 'default.target']] as const)
    assert.is(lineOf(text, key), value);
  assert.not.match(text, /Environment=|KillMode/);
});

test('the unit quotes specifiers, variables, quotes and backslashes', () => {
  const text = unitText(odd);
  assert.is(lineOf(text, 'ExecStart'), '-"/opt/100%% of $HOME/skiff" "/a $$b %%h.cjs" system boot');
  assert.is(lineOf(text, 'Environment'), '"SKIFF_ROOT=/x \\"y\\" \\\\ %%h $HOME"');
  const shell = lineOf(unitText({ ...plain, program: '/a\'b\\c"/skiff' }), 'ExecStart');
  assert.is(shell, '-/bin/sh -c "exec \\"$$0\\" \\"$$@\\"" "/a\'b\\\\c\\"/skiff" system boot');
  assert.not.ok(isOurUnit('[Unit]\nDescription=mine\n'));
});

/** What cron does with a command before sh(1) gets it: crontab(5), "percent-signs". */
const asCronPasses = (line: string): string => line.replace(/^@reboot /, '').replaceAll('\\%', '%');

test('the line runs, through cron and sh, the very program with the very environment', () => {
  const directory = mkdtempSync(join(tmpdir(), "cron % $HOME 'q' \"d\" "));
  const program = join(directory, 'skiff');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$0" "$@" "$SKIFF_ROOT" "[$XDG_RUNTIME_DIR]" >"${'$'}{0%/*}/said"\n`);
  chmodSync(program, 0o755);
  const line = bootLine({ program, args: ["a 'b' %"], environment: odd.environment });
  assert.not.match(line, /(?<!\\)%/);
  const { status, stdout } = spawnSync('/bin/sh', ['-c', asCronPasses(line)], { encoding: 'utf8', env: { XDG_RUNTIME_DIR: '/run/user/7' } });
  assert.equal({ status, stdout }, { status: 0, stdout: '' });
  assert.equal(readFileSync(join(directory, 'said'), 'utf8').split('\n'), [program, "a 'b' %", 'system', 'boot', '/x "y" \\ %h $HOME', '[]', '']);
});

test('the crontab: one line of ours, in its place; every other line as it was', () => {
  const line = bootLine(plain);
  assert.is(withBootLine('', line), `${line}\n`);
  const others = '# mine\nMAILTO=me\n\n@reboot /usr/bin/skiff system boot\n0 5 * * * tar -c %\n';
  const with1 = withBootLine(others, line);
  assert.is(with1, `${others}${line}\n`);
  assert.is(withBootLine(with1, line), with1);
  assert.is(withoutBootLine(with1), others);
  assert.is(withoutBootLine(others), others);
  const older = bootLine({ ...plain, program: '/old/skiff' });
  assert.is(withBootLine(`a\n${older}\nb\n${older}\nc`, line), `a\n${line}\nb\nc\n`);
  assert.is(withoutBootLine(`${older}\n`), '');
  assert.is(withoutBootLine(''), '');
  assert.is(withBootLine('no end', line), `no end\n${line}\n`);
  assert.equal([hasBootLine(with1), hasBootLine(others), hasBootLine('')], [true, false, false]);
});

test('control characters are found, in paths and values', () => {
  assert.is(unspeakable(odd), undefined);
  assert.is(unspeakable({ ...plain, program: '/a\nb' }), '/a\nb');
  assert.is(unspeakable({ ...plain, environment: [['X', '\u007f']] }), '\u007f');
});

test('only what differs is carried: directories, settings, and PATH where it finds a program that the other does not', () => {
  const home = mkdtempSync(join(tmpdir(), 'home-'));
  const theirs = { HOME: home, PATH: '/usr/bin:/bin' };
  assert.equal(bootEnvironment({ HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin', XDG_DATA_HOME: join(home, '.local/share'), XDG_RUNTIME_DIR: '/run/user/5' }, theirs), []);
  assert.equal(bootEnvironment({ ...theirs, XDG_DATA_HOME: '/data' }, theirs), [['SKIFF_ROOT', '/data/skiff']]);
  assert.equal(bootEnvironment({ ...theirs, SKIFF_ROOT: '/other' }, theirs, '/flag'), [['SKIFF_ROOT', '/flag']]);
  assert.equal(bootEnvironment(theirs, { ...theirs, XDG_DATA_HOME: '/data' }), [['SKIFF_ROOT', join(home, '.local/share/skiff')]]);
  assert.equal(bootEnvironment({ ...theirs, XDG_CACHE_HOME: '/c', XDG_CONFIG_HOME: '/k', SKIFF_CONFIG: '/s' }, theirs), [['XDG_CACHE_HOME', '/c'], ['XDG_CONFIG_HOME', '/k'], ['SKIFF_CONFIG', '/s']]);
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin/slirp4netns'), '');
  chmodSync(join(home, 'bin/slirp4netns'), 0o755);
  assert.equal(bootEnvironment({ ...theirs, PATH: `${home}/bin:/bin` }, theirs), [['PATH', `${home}/bin:/bin`]]);
});

test("a manager's environment is read as it is printed", () => {
  assert.equal(parseEnvironment("HOME=/home/a b\nODD=$'it\\'s \\\\ \\n\\x41\\101'\nEMPTY=\nnot a variable\nEQ=a=b\n"), { HOME: '/home/a b', ODD: "it's \\ \nAA", EMPTY: '', EQ: 'a=b' });
});

test.run();
