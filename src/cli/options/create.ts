import { table as run } from './run.ts';
import { refused } from './run-refused.ts';
import type { CommandTable } from './table.ts';

type RunFlag = (typeof run.flags)[number];

/** What only a container that is started at once can be told. */
type Starting = Extract<RunFlag, { readonly name: 'detach' | 'detach-keys' | 'sig-proxy' }>;
const starting: readonly string[] = ['detach', 'detach-keys', 'sig-proxy'] satisfies readonly Starting['name'][];

/** The flags of `run`, in one place for both. */
const flags = run.flags.filter((flag): flag is Exclude<RunFlag, Starting> => !starting.includes(flag.name));

export const table = {
  name: 'create',
  aliases: ['container create'],
  category: 'Containers',
  summary: 'Create a new container from an image without starting it',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  interspersed: false,
  positionals: { min: 1, insteadOfOne: 'rootfs', complete: 'images' },
  refused,
  flags,
  examples: [
    { command: 'skiff create --name web -v "$PWD/site:/srv:ro" httpd', text: "Make a container now; 'skiff start web' runs it" },
    { command: 'skiff create -it --name shell debian bash', text: "A shell to come back to: 'skiff start -ai shell'" },
  ],
} as const satisfies CommandTable;
