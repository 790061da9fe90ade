/**
 * The first boot: containers with every policy, and both ways to have them back. Then the machine's power is cut.
 * @as root
 * @time-limit 400
 * @then crash
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execute } from '../../e2e/skiff.ts';
import { server, session } from './scene.ts';

const setUp = `mkdir "my 100% bin" && ln -s /payload/dist/skiff "my 100% bin/skiff" && skiff import /payload/images/busybox.tar busybox >made`;

const make = (words: string, flags: string): string => `skiff ${words} --network none ${flags} busybox ${server} >>made`;

const shared = [
  make('run -d', '--name always --restart always'),
  make('run -d', '--name unless --restart unless-stopped'),
  make('run -d', '--name stopped --restart unless-stopped'),
  make('run -d', '--name plain'),
  'skiff stop stopped',
];

test('baz would have systemd, but only while logged in, and so takes cron', () => {
  assert.is(execute(['useradd', '-m', '-s', '/bin/bash', 'baz']).status, 0);
  const said = session('baz', {
    setUp,
    made: `set -e\n${shared.join('\n')}`,
    hint: 'echo "# mine" | crontab - && skiff system install',
    install: 'skiff system install --cron',
    crontab: 'crontab -l; skiff info --format "{{.StartedBy}} {{.RuntimeDir}}"',
  });
  assert.equal([said.setUp, said.made], ['', 'stopped\n']);
  assert.match(said.hint, /run: loginctl enable-linger baz\n$/);
  assert.match(said.install, /^Added a line @reboot to your crontab: [^\n]*\nRemoved \/home\/baz\/\.config\/systemd\/user\/skiff\.service\.\n$/);
  assert.match(said.crontab, /^# mine\n@reboot [^\n]*\ncron \/tmp\/skiff-1001\n$/);
});

test('bar has systemd, and is told nothing more because bar lingers', () => {
  const made = [
    ...shared,
    make('run -d', '--name idle --restart always'),
    make('run -d', '--name guest --restart always --pid container:always'),
    make('run -d', '--name limited --restart always --memory 64m'),
    make('run -d', '--name failing --restart on-failure'),
    make('run -d', '--name once --rm'),
    make('create', '--name never --restart always'),
    'skiff stop idle',
  ];
  const said = session('bar', {
    setUp,
    made: `set -e\n${made.join('\n')}`,
    install: 'skiff system install',
    unit: 'systemctl --user is-enabled skiff; systemd-analyze --user verify --man=no skiff.service; skiff info --format {{.StartedBy}}',
  });
  assert.equal([said.setUp, said.made], ['', 'stopped\nidle\n']);
  assert.match(said.install, /^Installed \/home\/bar\/\.config\/systemd\/user\/skiff\.service: [^\n]*\n$/);
  assert.is(said.unit, 'enabled\nsystemd\n');
});

test('what baz has left running can be reached by the next login', () => {
  const said = session('baz', { reach: 'skiff exec always echo here', sync: 'sync', late: make('run -d', '--name late --restart always') });
  // The last one is on the disk although nobody has waited for that.
  assert.equal(said, { reach: 'here\n', sync: '', late: '' });
});

test.run();
