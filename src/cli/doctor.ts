import { printable } from '../core/errors.ts';
import { isWell, judge } from '../runtime/doctor/judge.ts';
import type { Finding } from '../runtime/doctor/finding.ts';
import { look } from '../runtime/doctor/look.ts';
import { repair } from '../runtime/doctor/repair.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { readHost } from '../system/host.ts';
import { forSingleUid } from '../system/paths.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { renderList } from './format.ts';
import type { ListView } from './format.ts';
import { table } from './options/doctor.ts';
import type { FlagsOf } from './options/table.ts';
import { pathsOf } from './surroundings.ts';

export { table };

const view: ListView = {
  headings: { Level: 'LEVEL', Check: 'CHECK', Text: 'FINDING', Remedy: 'REMEDY' },
  columns: ['Level', 'Check', 'Text', 'Remedy'],
};

const counted = (count: number, word: string): string => (count === 0 ? `no ${word}s` : count === 1 ? `1 ${word}` : `${count} ${word}s`);

/** A finding a line, which is never shortened: a remedy is there to be copied. The last line sums up. */
export const renderFindings = (findings: readonly Finding[]): string => {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ level, check, text, remedy }) => `${level.padEnd('warning'.length)}  ${check.padEnd(width)}  ${printable(remedy === '' ? text : `${text}; ${remedy}`)}`);
  const of = (wanted: Finding['level']): number => findings.filter(({ level }) => level === wanted).length;
  return `${[...lines, `${counted(of('error'), 'error')}, ${counted(of('warning'), 'warning')}`].join('\n')}\n`;
};

/** As `surroundingsOf`, but nothing is made: whether that is possible is one of the findings. */
const surroundings = (context: Context): Surroundings => {
  const host = readHost(context.env);
  const paths = pathsOf(context);
  return { paths: host.idMap.mode === 'single' ? forSingleUid(paths) : paths, host, env: context.env, storageDriver: context.storageDriver };
};

/** `skiff doctor`: 0 where there are no errors, 1 otherwise. */
export const run = async (context: Context, flags: FlagsOf<typeof table>): Promise<number> => {
  const here = surroundings(context);
  let well = true;
  const code = await exitOne(context, async () => {
    const findings = judge(await look(here, flags.repair ? await repair(here) : []));
    well = isWell(findings);
    const rows = findings.map(({ level, check, text, remedy }) => ({ Level: level, Check: check, Text: text, Remedy: remedy }));
    context.stdout.write(flags.format === undefined ? renderFindings(findings) : await renderList(view, rows, { format: flags.format, noTrunc: true }, context.stdout));
  });
  return well ? code : 1;
};
