import { printable } from '../core/errors.ts';
import { uninstallBoot } from '../system/boot-install.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/system-uninstall.ts';

export { table };

/** `skiff system uninstall`. */
export const run = (context: Context): Promise<number> =>
  exitOne(context, async () => {
    const { path, crontab } = uninstallBoot(context.env);
    const lines = [...(path === undefined ? [] : [`Removed ${path}.`]), ...(crontab ? ['Removed the line in your crontab.'] : [])];
    for (const line of lines.length === 0 ? ['Nothing is installed.'] : lines) context.stdout.write(`${printable(line)}\n`);
  });
