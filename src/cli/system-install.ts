import { fail, printable } from '../core/errors.ts';
import { installBoot } from '../system/boot-install.ts';
import type { Installed } from '../system/boot-install.ts';
import { readHost } from '../system/host.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/system-install.ts';
import type { FlagsOf } from './options/table.ts';
import { warn } from './warn.ts';

export { table };

const what = "containers with --restart always or unless-stopped come back when the machine does";

/** What was done, a line each. */
const done = (installed: Installed): readonly string[] => {
  if (installed.kind === 'systemd') {
    const line = installed.changed ? `Installed ${installed.path}: ${what}.` : `${installed.path} is installed already.`;
    return [line, ...(installed.removed ? ['Removed the line in your crontab.'] : [])];
  }
  const line = installed.changed ? `Added a line @reboot to your crontab: ${what}.` : 'The line @reboot is in your crontab already.';
  return [line, ...(installed.removed === undefined ? [] : [`Removed ${installed.removed}.`])];
};

/** What is still missing for it to work, in one sentence. */
const missing = (installed: Installed, user: string): string | undefined => {
  if (installed.kind === 'cron') return installed.runs ? undefined : 'no cron daemon is seen to run here: the line waits until an administrator starts one';
  const hint = `run: loginctl enable-linger ${user}`;
  return installed.lingers ? undefined : `containers will start at your first login and stop after your last logout; for them to run without you, ${hint}`;
};

/** `skiff system install`. */
export const run = (context: Context, { systemd, cron }: FlagsOf<typeof table>): Promise<number> =>
  exitOne(context, async () => {
    if (systemd && cron) fail({ _tag: 'Usage', message: '--systemd and --cron exclude each other' });
    const { user } = readHost(context.env);
    const installed = installBoot(context.env, context.root, user, systemd ? 'systemd' : cron ? 'cron' : 'any');
    for (const line of done(installed)) context.stdout.write(`${printable(line)}\n`);
    const sentence = missing(installed, user);
    if (sentence !== undefined) warn(context, sentence);
  });
