/** Tasks that BuildKit calls internal: that the Dockerfile, `.dockerignore` and the list of the context are read. */
import { humanSize } from '../core/sizes.ts';
import { watched } from './progress.ts';
import type { ContextOrder, OpenContext } from './context.ts';
import type { Progress } from './progress.ts';
import type { Files } from './session.ts';
import type { Tree } from './tree.ts';

const bytesOf = (text: string): string => humanSize(Buffer.byteLength(text));

/** Opens a context with `open`, and tells of it. */
export const shownContext = async ({ file = 'Dockerfile' }: ContextOrder, { progress }: { readonly progress: Progress }, open: () => Promise<OpenContext>): Promise<OpenContext> => {
  const definition = progress.begin(`[internal] load build definition from ${file === '-' ? 'Dockerfile' : file.replace(/^.*\//u, '')}`);
  const context = await watched(definition, open);
  definition.note(`transferring dockerfile: ${bytesOf(context.dockerfile.text)} done`);
  definition.done();
  const ignore = progress.begin('[internal] load .dockerignore');
  ignore.note(`transferring context: ${bytesOf(context.ignore)} done`);
  ignore.done();
  return context;
};

/** `files`, telling when they are listed for the first time. Nothing of them is transferred anywhere, so that is what it says. */
export const shownFiles = (progress: Progress, files: Files): Files => {
  let tree: Promise<Tree> | undefined;
  const list = async (): Promise<Tree> => {
    const task = progress.begin('[internal] load build context');
    const found = await watched(task, files.tree);
    task.note(`reading context: ${found.size} ${found.size === 1 ? 'entry' : 'entries'} done`);
    task.done();
    return found;
  };
  return { ...files, tree: () => (tree ??= list()) };
};
