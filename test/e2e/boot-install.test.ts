/**
 * `skiff system install` and `uninstall` with a systemctl and a crontab that only pretend: both ways, what is refused, and that nothing else is
 * touched. The real ones are in test/vm.
 * @one-driver
 */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onTerminal } from './pty.ts';
import { scratch, skiff, skiffCommand } from './skiff.ts';
import type { Session } from './pty.ts';
import type { Result } from './skiff.ts';

interface Place {
  /** Runs `skiff system WORDS`. */
  readonly system: (...words: readonly string[]) => Result;
  readonly unit: string;
  readonly wants: string;
  /** The pretended crontab. */
  readonly crontab: string;
  /** What the pretended programs were called with, a line each. */
  readonly calls: () => readonly string[];
  /** Makes the pretended programs fail with these words: the files' presence is asked. */
  readonly breaks: (program: 'systemctl' | 'crontab', words: string) => void;
  readonly programs: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const systemctl = `#!/bin/sh
echo "systemctl $*" >>"$PLACE/calls"
[ "$1" = --user ] || exit 9
case "$2" in
  show-environment) echo "HOME=$HOME"; [ -e "$PLACE/config" ] && echo "XDG_CONFIG_HOME=$PLACE/config"; exit 0 ;;
esac
if [ -e "$PLACE/systemctl-says" ]; then cat "$PLACE/systemctl-says" >&2; exit 1; fi
case "$2 $3" in
  "--quiet enable")
    cd "$UNITS" && [ -e skiff.service ] && mkdir -p default.target.wants && ln -sf "$UNITS/skiff.service" default.target.wants/ ;;
  "daemon-reload "*) true ;;
  *) exit 9 ;;
esac
`;

const crontab = `#!/bin/sh
echo "crontab $*" >>"$PLACE/calls"
if [ -e "$PLACE/crontab-says" ]; then cat "$PLACE/crontab-says" >&2; exit 1; fi
case "$1" in
  -l) if [ -e "$PLACE/tab" ]; then cat "$PLACE/tab"; else echo "no crontab for me" >&2; exit 1; fi ;;
  -r) rm "$PLACE/tab" ;;
  -) cat >"$PLACE/tab" ;;
  *) exit 9 ;;
esac
`;

/** A home of its own with these programs, and nothing else but a shell and what the two scripts need. */
const place = (...programs: readonly ('systemctl' | 'crontab')[]): Place => {
  const base = scratch();
  const bin = join(base, 'bin');
  const home = join(base, 'ho me');
  const units = join(home, '.config/systemd/user');
  for (const directory of [bin, home, join(base, 'run/systemd')]) mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(base, 'run/systemd/private'), '');
  for (const program of programs) writeFileSync(join(bin, program), program === 'systemctl' ? systemctl : crontab, { mode: 0o755 });
  const env = { HOME: home, PLACE: base, UNITS: units, XDG_RUNTIME_DIR: join(base, 'run'), XDG_DATA_HOME: undefined, XDG_CONFIG_HOME: undefined, PATH: `${bin}:/usr/bin:/bin`, SKIFF_HELPERS: undefined };
  return {
    system: (...words) => skiff(words[0]?.startsWith('-') === true ? words : ['system', ...words], { env }),
    unit: join(units, 'skiff.service'),
    wants: join(units, 'default.target.wants/skiff.service'),
    crontab: join(base, 'tab'),
    calls: () => (existsSync(join(base, 'calls')) ? readFileSync(join(base, 'calls'), 'utf8').trimEnd().split('\n') : []),
    breaks: (program, words) => writeFileSync(join(base, `${program}-says`), `${words}\n`),
    programs: bin,
    env,
  };
};

const user = userInfo().username;
const linger = `skiff: warning: containers will start at your first login and stop after your last logout; for them to run without you, run: loginctl enable-linger ${user}\n`;
const what = 'containers with --restart always or unless-stopped come back when the machine does';

test('systemd: the unit is written and enabled once, the hint names the user, and uninstall leaves nothing', () => {
  const { system, unit, wants, calls } = place('systemctl');
  assert.equal({ ...system('install'), bytes: undefined }, { status: 0, stdout: `Installed ${unit}: ${what}.\n`, stderr: linger, bytes: undefined });
  const text = readFileSync(unit, 'utf8');
  assert.ok(text.includes(`\nExecStart=-"${skiffCommand[0]}"`), text);
  assert.ok(existsSync(wants));
  assert.equal(calls().slice(-3), ['systemctl --user show-environment', 'systemctl --user daemon-reload', 'systemctl --user --quiet enable skiff.service']);
  assert.is(system('install').stdout, `${unit} is installed already.\n`);
  assert.is(calls().at(-1), 'systemctl --user show-environment');
  assert.is(system('--root', '/var/tmp/other root', 'system', 'install').stdout, `Installed ${unit}: ${what}.\n`);
  assert.match(readFileSync(unit, 'utf8'), /^Environment="SKIFF_ROOT=\/var\/tmp\/other root"$/m);
  assert.equal({ ...system('uninstall'), bytes: undefined }, { status: 0, stdout: `Removed ${unit}.\n`, stderr: '', bytes: undefined });
  assert.not.ok(existsSync(unit) || existsSync(wants));
  assert.is(calls().at(-1), 'systemctl --user daemon-reload');
  assert.equal({ ...system('uninstall'), bytes: undefined }, { status: 0, stdout: 'Nothing is installed.\n', stderr: '', bytes: undefined });
});

test('systemd: a unit of somebody else, and a systemctl that refuses, leave all as it was', () => {
  const { system, unit, breaks } = place('systemctl');
  breaks('systemctl', 'Failed to enable unit: it is masked');
  const refused = system('install');
  assert.equal([refused.status, refused.stdout, refused.stderr], [1, '', 'skiff: cannot run systemctl --user daemon-reload: Failed to enable unit: it is masked\n']);
  assert.not.ok(existsSync(unit));
  writeFileSync(unit, '[Unit]\nDescription=mine\n');
  const others = system('install');
  assert.equal([others.status, others.stderr], [1, `skiff: ${unit} was not made by 'skiff system install'; rename it, or use --cron\n`]);
  assert.is(system('uninstall').stdout, 'Nothing is installed.\n');
  assert.is(readFileSync(unit, 'utf8'), '[Unit]\nDescription=mine\n');
});

test('cron: where no systemd answers; other lines stay, and uninstall takes exactly ours', () => {
  const { system, crontab: tab, calls } = place('crontab');
  // The real systemctl of this machine finds nobody at our XDG_RUNTIME_DIR.
  writeFileSync(tab, '# mine\n5 4 * * * true\n');
  const first = system('install', '--cron');
  assert.is(first.status, 0);
  assert.is(first.stdout, `Added a line @reboot to your crontab: ${what}.\n`);
  assert.match(first.stderr, /^(skiff: warning: no cron daemon is seen to run here: .*\n)?$/);
  assert.match(readFileSync(tab, 'utf8'), /^# mine\n5 4 \* \* \* true\n@reboot XDG_RUNTIME_DIR= .*SKIFF_ROOT='[^']*\/ho me\/\.local\/share\/skiff' .* system boot >\/dev\/null # made by 'skiff system install'\n$/);
  assert.is(system('install', '--cron').stdout, 'The line @reboot is in your crontab already.\n');
  assert.is(calls().at(-1), 'crontab -l');
  assert.equal({ ...system('uninstall'), bytes: undefined }, { status: 0, stdout: 'Removed the line in your crontab.\n', stderr: '', bytes: undefined });
  assert.is(readFileSync(tab, 'utf8'), '# mine\n5 4 * * * true\n');
  rmSync(tab);
  system('install', '--cron');
  system('uninstall');
  assert.not.ok(existsSync(tab));
});

test('one way at a time', () => {
  const { system, unit, crontab: tab } = place('systemctl', 'crontab');
  system('install', '--cron');
  assert.is(system('install').stdout, `Installed ${unit}: ${what}.\nRemoved the line in your crontab.\n`);
  assert.not.ok(existsSync(tab));
  assert.is(system('install', '--cron').stdout, `Added a line @reboot to your crontab: ${what}.\nRemoved ${unit}.\n`);
  assert.not.ok(existsSync(unit));
});

test('a crontab that may not be used is said in its own words; two ways at once, and systemd where there is none, are refused', () => {
  const { system, breaks } = place('crontab');
  breaks('crontab', 'You (me) are not allowed to use this program (crontab)\nSee crontab(1) for more information');
  const refused = system('install', '--cron');
  assert.equal([refused.status, refused.stderr], [1, 'skiff: cannot read your crontab: You (me) are not allowed to use this program (crontab) See crontab(1) for more information\n']);
  assert.is(system('uninstall').status, 0);
  const both = system('install', '--cron', '--systemd');
  assert.equal([both.status, both.stderr], [125, 'skiff: --systemd and --cron exclude each other\n']);
});

test('the unit is put where the manager looks, and the skiff on PATH is called by that name', () => {
  const { system, programs } = place('systemctl');
  const base = join(programs, '..');
  mkdirSync(join(base, 'config'));
  if (skiffCommand.length === 1) symlinkSync(skiffCommand[0], join(programs, 'skiff'));
  // The pretended systemctl enables in another directory, and so fails; the unit is taken back.
  assert.is(system('install').status, 1);
  assert.not.ok(existsSync(join(base, 'config/systemd/user/skiff.service')));
  mkdirSync(join(base, 'ho me/.config'));
  symlinkSync(join(base, 'config/systemd'), join(base, 'ho me/.config/systemd'));
  assert.is(system('install').stdout, `Installed ${join(base, 'config/systemd/user/skiff.service')}: ${what}.\n`);
  const program = skiffCommand.length === 1 ? join(programs, 'skiff') : skiffCommand[0];
  assert.ok(readFileSync(join(base, 'config/systemd/user/skiff.service'), 'utf8').includes(`ExecStart=-"${program}"`));
  system('uninstall');
});

test('who makes a container with such a policy at a terminal is told once that nothing starts it; a script is told nothing', () => {
  const { system, env } = place('systemctl');
  const create = (policy: string): Session => onTerminal([...skiffCommand, 'create', '--network', 'none', '--restart', policy, 'hello'], [], undefined, { env });
  const hint = "skiff: for containers to come back when this machine restarts, run 'skiff system install' once\r\n";
  assert.ok(create('always').screen.startsWith(hint));
  assert.ok(create('unless-stopped').screen.startsWith(hint));
  assert.match(create('on-failure:3').screen, /^[0-9a-f]{64}\r\n$/);
  assert.is(skiff(['create', '--network', 'none', '--restart', 'always', 'hello'], { env }).stderr, '');
  system('install');
  assert.match(create('always').screen, /^[0-9a-f]{64}\r\n$/);
  skiff(['rm', '-f', ...skiff(['ps', '-aq'], { env }).stdout.trim().split('\n')], { env });
});

test.run();
