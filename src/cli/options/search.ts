import { listFormat } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'search',
  aliases: [],
  category: 'Images',
  summary: 'Search a registry for images',
  usage: '[OPTIONS] [HOST[:PORT]/]TERM',
  interspersed: true,
  positionals: { min: 1, max: 1 },
  flags: [
    { name: 'filter', short: 'f', kind: 'list', value: 'KEY=VALUE', help: 'Show only images that match (Docker Hub)', suggestions: ['is-official=true', 'is-automated=false', 'stars='] },
    listFormat,
    { name: 'limit', kind: 'int', value: 'N', help: 'Show at most this many, 1 to 100', default: '25' },
    { name: 'no-trunc', kind: 'bool', help: 'Do not shorten descriptions' },
  ],
  examples: [
    { command: 'skiff search --filter is-official=true nginx', text: "Docker's own images of nginx" },
    { command: 'skiff search registry.example:5000/app', text: 'Repositories of another registry whose names contain app' },
  ],
} as const satisfies CommandTable;
