import type { Context } from './context.ts';
import { table } from './options/version.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** The version of package.json; a test compares. */
export const version = '0.1.0';

/** What `skiff --version` prints, in Docker's words. */
export const versionLine = (): string => `Skiff version ${version}\n`;

/** The fields that `docker version --format` has and that mean something here. There is no server: its section repeats the client's. */
const describe = () => {
  const bun = process.versions['bun'];
  const side = { Version: version, Os: process.platform, Arch: dockerArch(), Runtime: bun === undefined ? `Node.js ${process.versions.node}` : `Bun ${bun}` };
  return { Client: side, Server: side };
};

const dockerArch = (): string => ({ x64: 'amd64', ia32: '386' })[process.arch as string] ?? process.arch;

/** `skiff version`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>): Promise<number> => {
  const described = describe();
  if (flags.format !== undefined) {
    const { renderObject } = await import('./format.ts');
    context.stdout.write(await renderObject(flags.format, described, context.stdout));
    return 0;
  }
  const { Client } = described;
  const rows = [
    ['Version:', Client.Version],
    ['Runtime:', Client.Runtime],
    ['OS/Arch:', `${Client.Os}/${Client.Arch}`],
  ];
  context.stdout.write(`Skiff:\n${rows.map(([name = '', value]) => ` ${name.padEnd(10)}${value}\n`).join('')}`);
  return 0;
};
