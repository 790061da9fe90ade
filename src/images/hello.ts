/** The built-in image `hello`: one static program, so that a fresh machine without a registry runs a container at once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from '../core/oci-image.ts';
import { helperPath } from '../system/helper.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { builtinLabel, helloName, programLabel } from './builtin-label.ts';
import { storeLayer } from './import.ts';
import { hostPlatform } from './platform.ts';
import { spool } from './spool.ts';
import type { Stored } from './store.ts';
import { withSpool } from './temporary.ts';

/** Mount points, so that nothing has to be made in the image when a container starts. */
const directories = ['proc', 'sys', 'dev', 'etc', 'tmp'] as const;

/** One date for all machines: the same program makes the same image everywhere. */
const created = '2026-11-20T00:00:00Z';

/** The layer's tar, the same bytes for the same program. */
const layerOf = async (program: Buffer): Promise<AsyncIterable<Buffer>> => {
  const { pack } = await import('tar-stream');
  const tar = pack();
  const common = { uid: 0, gid: 0, mtime: new Date(0) };
  for (const name of directories) tar.entry({ ...common, name, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755 });
  tar.entry({ ...common, name: 'hello', type: 'file', mode: 0o755 }, program);
  tar.finalize();
  return tar as AsyncIterable<Buffer>;
};

const configOf = (program: Buffer): Omit<ImageConfig, 'rootfs'> => {
  const { os, architecture } = hostPlatform();
  const Labels = { [builtinLabel]: programLabel(program) };
  return {
    created,
    architecture,
    os,
    config: { Cmd: ['/hello'], WorkingDir: '/', Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Labels },
    history: [{ created, created_by: 'skiff', comment: 'built into skiff' }],
  };
};

/** Makes the image from the embedded program and names it `hello`. Idempotent; several at once make the same image. */
export const storeHello = (paths: Paths, host: Host): Promise<Stored> =>
  withSpool(paths, async (directory) => {
    const program = readFileSync(helperPath(paths, 'skiff-hello'));
    const file = await spool(await layerOf(program), join(directory, 'layer'));
    return storeLayer(paths, host, directory, 'the built-in image hello', { ...file, compression: 'none' }, { name: helloName, config: configOf(program) });
  });
