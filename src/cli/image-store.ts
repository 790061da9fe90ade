import type { Store } from '../images/collect.ts';
import { heal } from '../runtime/heal.ts';
import { readImageUsers } from '../runtime/image-users.ts';
import type { Context } from './context.ts';
import { surroundingsOf } from './surroundings.ts';

/** The store for commands that delete from it or measure it; containers that were killed do not count as running. */
export const imageStore = (context: Context): Store => {
  const { paths, host } = surroundingsOf(context);
  heal(paths, host);
  return { paths, host, readUsers: () => readImageUsers(paths) };
};
