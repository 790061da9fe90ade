/** Where instructions take files from: the context, other stages, images, named contexts. Each is listed once, when it is first needed. */
import { readParent } from '../images/commit.ts';
import { fail } from '../core/errors.ts';
import { listPlace } from './files.ts';
import { directoriesOf } from './layers.ts';
import { without } from './tree.ts';
import type { Image } from '../images/open.ts';
import type { BuiltLayer } from './layers.ts';
import type { Matcher } from './patterns.ts';
import type { Files, Session } from './session.ts';
import type { Tree } from './tree.ts';
import type { Workspace } from './workspace.ts';

const once = <A>(body: () => Promise<A>): (() => Promise<A>) => {
  let result: Promise<A> | undefined;
  return () => (result ??= body());
};

/** A directory of the host's, without what `ignored` says. */
export const contextFiles = (workspace: Workspace, directory: string, ignored: Matcher | undefined, subject: string): Files => {
  const place = { kind: 'host', directory } as const;
  return { place, tree: once(async (): Promise<Tree> => without(await listPlace(workspace, place, subject), ignored)), subject };
};

/** What `layers` come to. */
export const stageFiles = ({ workspace }: Pick<Session, 'workspace'>, layers: readonly BuiltLayer[], subject: string): Files => {
  const place = { kind: 'pile', pile: workspace.pile(directoriesOf(workspace, layers)) } as const;
  return { place, tree: once(() => listPlace(workspace, place, subject)), layers, subject };
};

/** The files of a stored image, which is kept until the build ends. */
export const imageFiles = async (session: Pick<Session, 'workspace' | 'layers'>, image: Image, name: string): Promise<Files> => {
  const parent = readParent(session.workspace.surroundings.paths, image.id) ?? fail({ _tag: 'NotFound', kind: 'image', name, hint: 'it has just been removed' });
  const layers = parent.layers.flatMap((file, position): readonly BuiltLayer[] => {
    const diffId = parent.config.rootfs.diff_ids?.[position];
    return diffId === undefined ? [] : [{ diffId, file }];
  });
  await session.layers.hold(layers.flatMap(({ diffId, file }) => [diffId, file.descriptor.digest]));
  return stageFiles(session, layers, `image ${name}`);
};
