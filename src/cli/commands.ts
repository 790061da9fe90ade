import type { CommandModule } from './context.ts';

/** Every command by its name; a module is loaded only when its command is asked for. */
export const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  images: () => import('./images.ts'),
  load: () => import('./load.ts'),
  import: () => import('./import.ts'),
  info: () => import('./info.ts'),
  run: () => import('./run.ts'),
  exec: () => import('./exec.ts'),
  attach: () => import('./attach.ts'),
  ps: () => import('./ps.ts'),
  rm: () => import('./rm.ts'),
  version: () => import('./version.ts'),
  completion: () => import('./completion.ts'),
  __complete: () => import('./complete.ts'),
};
