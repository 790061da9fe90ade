/** WORKDIR: the directory is made, for the stage's user, where it is missing. */
import { spawn } from 'node:child_process';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { pileCommand } from '../runtime/step-files.ts';
import { dateFact, stepKey } from './cache-key.ts';
import { directoryTar } from './directory-tar.ts';
import { directoriesOf } from './layers.ts';
import { ownerOf } from './users.ts';
import type { StageConfig } from './config.ts';
import type { BuiltLayer, StepLayer } from './layers.ts';
import type { Session } from './session.ts';
import type { Plan } from './step-copy.ts';

/** How to make `directory`, which is absolute and not the root, on top of `below`. */
export const planWorkdir = (session: Session, stage: StageConfig, below: readonly BuiltLayer[], directory: string): Plan => {
  const { workspace } = session;
  const user = stage.config.User ?? '';
  const make = async (key: string): Promise<StepLayer> => {
    const single = workspace.surroundings.host.idMap.mode === 'single';
    const owner = user === '' || single ? '0:0' : await ownerOf(workspace, () => workspace.pile(directoriesOf(workspace, below)), user);
    const pile = workspace.pile(directoriesOf(workspace, below));
    const [program = '', ...words] = await pileCommand(workspace.surroundings, pile, ['place', '--archive', '--path', directory, '--in-root', '--make', owner], true);
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    const ended = outcomeOf(child, true);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(directoryTar());
    checkOutcome(await ended, 'make', directory);
    return session.layers.make(pile, key, `WORKDIR ${directory}`, []);
  };
  return { key: async () => stepKey(below.map(({ diffId }) => diffId), { kind: 'WORKDIR', ...dateFact(session.options), directory, user }), make, history: `WORKDIR ${directory}` };
};
