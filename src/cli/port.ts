import { allPorts, portAddresses } from '../core/published-ports.ts';
import { portMap } from '../runtime/inspect-network.ts';
import { findContainer } from '../runtime/records.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/port.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';

export { table };

/** `skiff port`; 1 on failure, as in Docker. */
export const run = (context: Context, _flags: object, [word = '', port]: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const { spec, state } = findContainer(surroundingsOf(context).paths, word);
    const ports = portMap(spec, state);
    const lines = port === undefined ? allPorts(ports) : portAddresses(ports, port, word);
    context.stdout.write(lines.map((line) => `${line}\n`).join(''));
  });
