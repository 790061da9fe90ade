import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { familiarReference, formatReference } from '../core/reference.ts';
import type { Reference } from '../core/reference.ts';
import { helloName } from '../images/builtin-label.ts';
import type { Platform } from '../images/platform.ts';
import { pullImage } from '../images/pull.ts';
import type { Pulled } from '../images/pull.ts';
import type { RegistryContext } from '../registry/client.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import { withDisplay } from './transfer-progress.ts';
import type { Stream } from './transfer-progress.ts';

export interface ShownPull {
  readonly reference: Reference;
  readonly platform?: Platform;
  readonly stream: Stream;
  /** Print nothing. */
  readonly quiet: boolean;
}

/** Docker's answer where the built-in image is concerned would be a refusal by Docker Hub, which has no such image. */
const refuseBuiltin = (reference: Reference): void => {
  if (formatReference(reference) !== helloName) return;
  fail({ _tag: 'Refused', message: 'hello is built in and comes from no registry', hint: "'skiff run hello' makes it" });
};

/** Docker shows the tag alone, and a digest with the whole name before it. */
const headOf = ({ domain, path, tag = '', digest }: Reference): string => (digest === undefined ? tag : formatReference({ domain, path, digest }));

/** Pulls one image and shows it in Docker's words up to the line with its digest. Throws what `pullImage` answers. */
export const shownPull = async (context: Context, { paths, host }: Surroundings, registry: RegistryContext, options: ShownPull): Promise<Pulled> => {
  const { reference, platform, stream, quiet } = options;
  refuseBuiltin(reference);
  const say = (line: string): void => {
    if (!quiet) context[stream].write(`${line}\n`);
  };
  let begun = false;
  const begin = (): void => {
    if (!begun) say(`${headOf(reference)}: Pulling from ${reference.path}`);
    begun = true;
  };
  const result = await withDisplay(context, stream, quiet, (show) =>
    pullImage(paths, host, registry, {
      reference,
      ...(platform === undefined ? {} : { platform }),
      progress: (event) => {
        begin();
        show(event);
      },
    })(),
  );
  if (isLeft(result)) return fail(result.left);
  begin();
  say(`Digest: ${result.right.digest}`);
  return result.right;
};

/** The line that says how it ended, for `name` as Docker shows it. */
export const statusLine = (fresh: boolean, name: string): string =>
  `Status: ${fresh ? 'Downloaded newer image' : 'Image is up to date'} for ${name}\n`;

/** `statusLine` for one reference. */
export const statusOf = ({ fresh }: Pulled, reference: Reference): string => statusLine(fresh, familiarReference(reference));
