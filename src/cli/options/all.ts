import { table as attach } from './attach.ts';
import { table as completion } from './completion.ts';
import { table as exec } from './exec.ts';
import { table as imagePrune } from './image-prune.ts';
import { table as exportTable } from './export.ts';
import { table as history } from './history.ts';
import { table as imageInspect } from './image-inspect.ts';
import { table as images } from './images.ts';
import { table as importTable } from './import.ts';
import { table as info } from './info.ts';
import { table as load } from './load.ts';
import { table as login } from './login.ts';
import { table as logout } from './logout.ts';
import { table as manifestInspect } from './manifest-inspect.ts';
import { table as ps } from './ps.ts';
import { table as pull } from './pull.ts';
import { table as push } from './push.ts';
import { table as rm } from './rm.ts';
import { table as rmi } from './rmi.ts';
import { table as run } from './run.ts';
import { table as save } from './save.ts';
import { table as search } from './search.ts';
import { table as systemDf } from './system-df.ts';
import type { CommandTable } from './table.ts';
import { table as tag } from './tag.ts';
import { table as version } from './version.ts';

/** Every command there is, in the order of `skiff --help`; for help, man pages and completion, never on the way to run one. */
export const allTables: readonly CommandTable[] = [run, exec, attach, ps, rm, exportTable, images, pull, push, load, importTable, save, history, imageInspect, manifestInspect, tag, rmi, imagePrune, login, logout, search, info, systemDf, version, completion];
