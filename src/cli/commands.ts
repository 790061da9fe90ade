import type { CommandModule } from './context.ts';

/** Every command by its name; a module is loaded only when its command is asked for. */
export const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  version: () => import('./version.ts'),
  completion: () => import('./completion.ts'),
  __complete: () => import('./complete.ts'),
};
