/**
 * The third boot, after an orderly shutdown: what the machine has stopped comes back, what a person has stopped does not, and exit codes are the
 * commands' own. Then everything is taken back.
 * @as root
 * @time-limit 400
 */
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listing, session, sorted } from './scene.ts';

const end = 'skiff rm -f $(skiff ps -aq) >removed';

test('bar, by systemd; shutdown stops all, and boot brings them back', () => {
  const { list, ...said } = session('bar', {
    list: `wait_for 5; ${listing}`,
    logs: 'skiff logs always',
    uninstall: 'skiff system uninstall; skiff exec always echo here; skiff system uninstall',
    shutdown: 'skiff rm -f guest idle limited >removed; skiff system shutdown | sort; skiff ps -q; skiff system boot | sort',
    end,
  });
  const running = ['always', 'idle', 'guest', 'stopped', 'limited'].map((name) => `${name} running`);
  assert.is(list, sorted(...running, 'unless exited 7', 'plain exited 7', 'failing exited 255', 'never created'));
  assert.equal(said, {
    logs: 'run\nrun\nrun\n',
    uninstall: 'Removed /home/bar/.config/systemd/user/skiff.service.\nhere\nNothing is installed.\n',
    shutdown: 'always\nstopped\nalways\nstopped\n',
    end: '',
  });
  assert.not.ok(existsSync('/home/bar/.config/systemd/user/default.target.wants/skiff.service'));
});

test('baz, by cron', () => {
  const { list, ...said } = session('baz', { list: `wait_for 3; ${listing}`, logs: 'skiff logs always', uninstall: 'skiff system uninstall; crontab -l', end });
  assert.is(list, sorted('always running', 'stopped running', 'late running', 'unless exited 7', 'plain exited 7'));
  assert.equal(said, { logs: 'run\nrun\nrun\n', uninstall: 'Removed the line in your crontab.\n# mine\n', end: '' });
});

test.run();
