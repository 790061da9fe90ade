import type { CommandTable } from './table.ts';

export const table = {
  name: 'events',
  aliases: ['system events'],
  category: 'Containers',
  summary: 'Show what happens to containers and images, as it happens',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    {
      name: 'filter',
      short: 'f',
      kind: 'list',
      value: 'KEY=VALUE',
      help: 'Show only events that match',
      suggestions: [
        'container=', 'event=', 'image=', 'label=', 'network=', 'scope=local', 'type=container', 'type=image', 'volume=',
        'event=attach', 'event=create', 'event=destroy', 'event=die', 'event=exec_create', 'event=exec_die', 'event=exec_start', 'event=health_status', 'event=kill',
        'event=oom', 'event=pause', 'event=pull', 'event=push', 'event=rename', 'event=restart', 'event=start', 'event=stop', 'event=tag', 'event=unpause', 'event=update',
      ],
    },
    { name: 'format', kind: 'string', value: 'TEMPLATE', help: "Print each event with a Go template; 'json' prints it as JSON", suggestions: ['json'] },
    { name: 'since', kind: 'string', value: 'TIME', help: 'Begin with what happened at this moment: a date (2026-11-20T19:00:00Z), or how long ago (10m)' },
    { name: 'until', kind: 'string', value: 'TIME', help: 'End at this moment, in the forms of --since' },
  ],
  examples: [
    { command: 'skiff events', text: 'What happens from now on, until Ctrl-C' },
    { command: 'skiff events --since 1h --until 0s', text: 'What happened in the last hour' },
    { command: 'skiff events -f type=container -f event=die', text: 'Whoever ends, with exit code and time' },
    { command: "skiff events --format '{{.Time}} {{.Action}} {{.Actor.Attributes.name}}'", text: 'Three fields of your choice' },
  ],
} as const satisfies CommandTable;
