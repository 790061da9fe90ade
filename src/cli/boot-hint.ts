import { parseRestartPolicy, survivesReboot } from '../core/restart-policy.ts';
import { need } from '../core/invalid.ts';
import type { Context } from './context.ts';

/**
 * Tells a person, and no script, that a restart policy ends with the machine as long as nobody calls `system boot`. Docker's daemon has been installed
 * with it, and needs to say nothing.
 */
export const hintAtBoot = async ({ env, stderr }: Context, policy: string): Promise<void> => {
  if (policy === 'no' || !stderr.isTerminal() || !survivesReboot(need(parseRestartPolicy(policy)))) return;
  const { bootIsInstalled } = await import('../system/boot-install.ts');
  if (bootIsInstalled(env) === undefined) stderr.write("skiff: for containers to come back when this machine restarts, run 'skiff system install' once\n");
};
