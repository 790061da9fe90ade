/** `skiff export`: a container's file system as a tar. */
import * as TE from 'fp-ts/TaskEither';
import { toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { packCommand, runPack } from '../images/pack.ts';
import type { Packed } from '../images/pack.ts';
import { tell } from './container-events.ts';
import type { Container } from './records.ts';
import type { Surroundings } from './surroundings.ts';
import { viewCommand } from './view.ts';

/**
 * Writes the file system of `container` to the open file `output` as a pax tar: without volumes and other mounts, whose mount points are
 * there, empty. Owners are those that the container sees. A running container is not stopped meanwhile; a file that changes while
 * it is read is a mixture, but the tar stays whole. `word` names the container in errors, which are `Hostile` or `System`.
 */
export const exportContainer = ({ paths, host }: Surroundings, word: string, container: Container, output: number): TE.TaskEither<SkiffError, Packed> => {
  const subject = `container ${word}`;
  const command = (): readonly string[] => viewCommand(paths, host, container, packCommand(paths, host, '.'));
  const run = async (): Promise<Packed> => {
    const packed = await runPack(command(), output, subject);
    tell(paths, container.spec, 'export');
    return packed;
  };
  return TE.tryCatch(run, toSkiffError('export', subject));
};
