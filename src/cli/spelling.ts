import type { CommandTable } from './options/table.ts';

/** How a command is typed. One that has no short form is called `image-prune` among ourselves and typed `image prune`. */
export const spelling = ({ name, aliases }: Pick<CommandTable, 'name' | 'aliases'>): string => aliases.find((alias) => alias.replace(' ', '-') === name) ?? name;

/** Whether the command is typed as one word. */
export const isShort = (table: Pick<CommandTable, 'name' | 'aliases'>): boolean => spelling(table) === table.name;

/** All the ways to type the command, the shortest first. */
export const spellings = (table: Pick<CommandTable, 'name' | 'aliases'>): readonly string[] => [...new Set([spelling(table), ...table.aliases])];
