import { release } from 'node:os';
import type { Context } from './context.ts';
import { table } from './options/version.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** The version of package.json; a test compares. */
export const version = '0.1.0';

/** What `skiff --version` prints, in Docker's words. */
export const versionLine = (): string => `Skiff version ${version}\n`;

const dockerArch = (): string => ({ x64: 'amd64', ia32: '386' })[process.arch as string] ?? process.arch;

/**
 * The fields that `docker version --format` has and that mean something here. There is no server: its section says what it has in common with
 * the client. What is spoken between Docker's two, the API, has no version here.
 */
const describe = () => {
  const bun = process.versions['bun'];
  const side = {
    Platform: { Name: 'Skiff' },
    Version: version,
    Os: process.platform,
    Arch: dockerArch(),
    Runtime: bun === undefined ? `Node.js ${process.versions.node}` : `Bun ${bun}`,
  };
  return {
    Client: { ...side, Context: 'default' },
    Server: { ...side, KernelVersion: release(), Components: [{ Name: 'Engine', Version: version, Details: { Os: side.Os, Arch: side.Arch, KernelVersion: release() } }] },
  };
};

type Row = readonly [name: string, value: string];

const block = (title: string, rows: readonly Row[], indent: string): string => `${title}\n${rows.map(([name, value]) => `${indent}${`${name}:`.padEnd(19)}${value}\n`).join('')}`;

/** `skiff version`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>): Promise<number> => {
  const described = describe();
  if (flags.format !== undefined) {
    const { renderObject } = await import('./format.ts');
    context.stdout.write(await renderObject(flags.format, described, context.stdout));
    return 0;
  }
  const { Client, Server } = described;
  const rows: readonly Row[] = [['Version', Client.Version], ['Runtime', Client.Runtime], ['OS/Arch', `${Client.Os}/${Client.Arch}`]];
  context.stdout.write(`${block('Client: Skiff', [...rows, ['Context', Client.Context]], ' ')}\n`);
  context.stdout.write(`Server: Skiff\n${block(' Engine:', [...rows, ['Kernel Version', Server.KernelVersion]], '  ')}`);
  return 0;
};
