import { eventFilter } from '../core/event-filters.ts';
import { SkiffFailure } from '../core/errors.ts';
import { emptyEventView, eventText, eventView } from '../core/events.ts';
import { refuse } from '../core/invalid.ts';
import { parseMoment } from '../core/log-times.ts';
import { showEvents } from '../runtime/events.ts';
import { exitOne } from './exit-one.ts';
import { objectRenderer } from './format.ts';
import { table } from './options/events.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';
import type { EventMessage } from '../core/event-line.ts';
import type { EventsChoice } from '../runtime/events.ts';
import type { Context, Output } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

type Flags = FlagsOf<typeof table>;

/** What Docker ends with where the template is wrong. */
const badFormat = 64;

const choiceOf = ({ since, until, filter }: Flags, now: number): EventsChoice => ({
  ...(since ? { since: parseMoment('--since', since, now) } : {}),
  ...(until ? { until: parseMoment('--until', until, now) } : {}),
  passes: eventFilter(filter),
});

/** A template is tried before there is an event, so that a mistake in it shows at once. */
const lineOf = async (format: string | undefined, output: Output): Promise<(event: EventMessage) => string> => {
  if (format === undefined || format === '') return (event) => `${eventText(event)}\n`;
  const render = await objectRenderer(format, output);
  render(emptyEventView());
  return (event) => render(eventView(event));
};

/** `skiff events`; 1 on failure, 64 where the template is wrong, as in Docker. */
export const run = async (context: Context, flags: Flags): Promise<number> => {
  const choice = choiceOf(flags, Date.now());
  let line: (event: EventMessage) => string;
  try {
    line = await lineOf(flags.format, context.stdout);
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    context.stderr.write(`skiff: ${error.message}\n`);
    return badFormat;
  }
  return await exitOne(context, async () => {
    const { since, until } = choice;
    if (since !== undefined && until !== undefined && since > until) refuse(`\`since\` time (${flags.since ?? ''}) cannot be after \`until\` time (${flags.until ?? ''})`);
    await showEvents(surroundingsOf(context).paths, choice, {
      take: (events) => context.stdout.write(events.map(line).join('')),
      warn: (sentence) => warn(context, sentence),
    });
  });
};
