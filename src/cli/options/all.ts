import { table as attach } from './attach.ts';
import { table as completion } from './completion.ts';
import { table as exec } from './exec.ts';
import { table as images } from './images.ts';
import { table as importTable } from './import.ts';
import { table as info } from './info.ts';
import { table as load } from './load.ts';
import { table as ps } from './ps.ts';
import { table as rm } from './rm.ts';
import { table as run } from './run.ts';
import type { CommandTable } from './table.ts';
import { table as version } from './version.ts';

/** Every command there is, in the order of `skiff --help`; for help, man pages and completion, never on the way to run one. */
export const allTables: readonly CommandTable[] = [run, exec, attach, ps, rm, images, load, importTable, info, version, completion];
