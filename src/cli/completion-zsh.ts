import { flagHelp } from './help.ts';
import { table as globalTable } from './options/global.ts';
import { families, longForms } from './options/long-forms.ts';
import type { CommandTable, Completion, Flag } from './options/table.ts';
import { isShort } from './spelling.ts';

/** The completion script for zsh: one `_arguments` call per command (zshcompsys(1)). */
export const zshScript = (tables: readonly CommandTable[]): string => `#compdef skiff
# zsh completion for skiff; made from its option tables by 'skiff completion zsh'.

# _arguments puts options for compadd before the word of ours.
_skiff_names() {
  local -a names
  names=(\${(f)"$(skiff __complete $@[-1] 2>/dev/null)"})
  compadd "$@[1,-2]" -a names
}

_skiff() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -s -S -C \\
${globalTable.flags.flatMap(flagSpecs).join('')}    '(- *)--help[Print help and leave]' \\
    '1:command:->command' '*::argument:->argument'
  case "$state" in
    command)
      local -a commands=(
${[...tables.filter(isShort).map(described), ...families.map((family) => `        ${quoted(`${family}:Commands on a ${family}`)}`)].join('\n')}
      )
      _describe command commands ;;
    argument) _skiff_run_command "$line[1]" ;;
  esac
}

_skiff_run_command() {
  case "$1" in
${tables.map((table) => `    ${table.name}) ${functionName(table)} ;;`).join('\n')}
${families.map(familyCase).join('\n')}
  esac
}
${tables.map(commandFunction).join('')}
if [[ $funcstack[1] == _skiff ]]; then _skiff "$@"; else compdef _skiff skiff; fi
`;

const described = (table: CommandTable): string => `        ${quoted(`${table.name}:${table.summary}`)}`;

const functionName = (table: CommandTable): string => `_skiff_command_${table.name}`;

const familyCase = (family: string): string => {
  const forms = Object.entries(longForms).filter(([form]) => form.startsWith(`${family} `));
  return `    ${family})
      if ((CURRENT == 2)); then compadd ${forms.map(([form]) => form.slice(family.length + 1)).join(' ')}; return; fi
      local second="$words[2]"
      shift words
      ((CURRENT--))
      case "$second" in
${forms.map(([form, command]) => `        ${form.slice(family.length + 1)}) _skiff_run_command ${command} ;;`).join('\n')}
      esac
      ;;`;
};

const commandFunction = (table: CommandTable): string => `
${functionName(table)}() {
  _arguments -s -S${table.interspersed ? '' : " -A '-*'"} \\
${table.flags.flatMap(flagSpecs).join('')}    '(- *)--help[Print this help and leave]'${argumentSpecs(table)}
}
`;

/** One spec per spelling; a list may be given again, and either spelling of anything else rules out the other. */
const flagSpecs = (flag: Flag): readonly string[] => {
  const short = flag.short === undefined ? [] : [`-${flag.short}`];
  const exclusive = flag.kind === 'list' ? '*' : `(${[`--${flag.name}`, ...short].join(' ')})`;
  const help = `[${inSpec(flagHelp(flag))}]`;
  const action = flag.kind === 'bool' ? '' : `:${inSpec(flag.value ?? flag.name)}:${valueAction(flag)}`;
  const spellings = [`--${flag.name}${flag.kind === 'bool' ? '' : '='}`, ...short.map((letter) => `${letter}${flag.kind === 'bool' ? '' : '+'}`)];
  return spellings.map((spelling) => `    ${quoted(`${exclusive}${spelling}${help}${action}`)} \\\n`);
};

const valueAction = (flag: Flag): string => {
  const words = flag.choices ?? flag.suggestions;
  if (words !== undefined) return `(${words.map((word) => word.replace(/[():\\ ]/g, '\\$&')).join(' ')})`;
  return flag.complete === undefined ? ' ' : dynamic(flag.complete);
};

const dynamic = (what: Completion): string => (what === 'files' ? '_files' : what === 'directories' ? '_files -/' : `_skiff_names ${what}`);

const argumentSpecs = (table: CommandTable): string => {
  const { max, complete, completeAll, choices } = table.positionals;
  if (max === 0) return '';
  const action = choices !== undefined ? `(${choices.join(' ')})` : complete === undefined ? ' ' : dynamic(complete);
  if (completeAll === true) return ` \\\n    ${quoted(`*:argument:${action}`)}`;
  const rest = table.interspersed ? '' : " '*::command:_normal'";
  return ` \\\n    ${quoted(`1:argument:${action}`)}${rest}`;
};

/** Inside brackets and messages of a spec, `]`, `:` and backslash have a meaning. */
const inSpec = (text: string): string => text.replace(/[\]:\\[]/g, '\\$&');

const quoted = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`;
