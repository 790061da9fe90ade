import { table as globalTable } from './options/global.ts';
import { families, longForms } from './options/long-forms.ts';
import type { CommandTable, Completion, Flag } from './options/table.ts';
import { isShort } from './spelling.ts';

/** The completion script for fish 3 and later. */
export const fishScript = (tables: readonly CommandTable[]): string => `# fish completion for skiff; made from its option tables by 'skiff completion fish'.

# Prints the command on the line, a long form by its short name; nothing before there is one.
function __skiff_command
    set -l words (commandline -opc)
    set -e words[1]
    argparse -s ${argparseSpecs(globalTable)} -- $words 2>/dev/null; or return
    switch "$argv[1] $argv[2]"
${Object.entries(longForms).map(([form, command]) => `        case ${quoted(form)}\n            echo ${command}`).join('\n')}
        case '*'
            echo $argv[1]
    end
end

# Whether the command is one of those given.
function __skiff_is
    contains -- (__skiff_command; or echo) $argv
end

function __skiff_no_command
    test -z (__skiff_command | string collect)
end

# Prints the arguments that follow the command, without flags; those of another program's command line count all.
function __skiff_arguments
    set -l words (commandline -opc)
    set -l command (__skiff_command)
    set -e words[1]
    while set -q words[1]; and test "$words[1]" != $command; and not contains -- $words[1] ${families.join(' ')}
        set -e words[1]
    end
    contains -- "$words[1]" ${families.join(' ')}; and set -e words[1]
    set -e words[1]
    set -l spec
    switch $command
${tables.map(argumentsCase).join('\n')}
    end
    # A flag whose value is just being typed lacks it here.
    argparse $spec -- $words 2>/dev/null; or argparse $spec -- $words '' 2>/dev/null; or return
    set -q argv[1]; and printf '%s\\n' $argv
end

# Whether this many arguments follow the command.
function __skiff_argument_is
    test (count (__skiff_arguments)) -eq $argv[1]
end

complete -c skiff -f
${[...globalTable.flags.map((flag) => flagLine('__skiff_no_command', flag)), helpLine('__skiff_no_command')].join('\n')}
${tables.filter(isShort).map((table) => `complete -c skiff -n __skiff_no_command -a ${table.name} -d ${quoted(table.summary)}`).join('\n')}
${families.map((family) => `complete -c skiff -n __skiff_no_command -a ${family} -d ${quoted(`Commands on a ${family}`)}`).join('\n')}
${Object.entries(longForms).map(longFormLine(tables)).join('\n')}
${tables.map(commandLines).join('\n')}
`;

const argumentsCase = (table: CommandTable): string => `        case ${table.name}
            set spec ${table.interspersed ? '' : '-s '}${argparseSpecs(table)}`;

/** fish's own option parser, with the same tables, tells flags from arguments. */
const argparseSpecs = (table: CommandTable): string =>
  ['help', ...table.flags.map((flag) => `${flag.short === undefined ? '' : `${flag.short}/`}${flag.name}${flag.kind === 'bool' ? '' : '=+'}`)].map(quoted).join(' ');

const longFormLine =
  (tables: readonly CommandTable[]) =>
  ([form, command]: readonly [string, string]): string => {
    const [family = '', word = ''] = form.split(' ');
    const summary = tables.find((table) => table.name === command)?.summary ?? command;
    return `complete -c skiff -n '__skiff_is ${family}' -a ${word} -d ${quoted(summary)}`;
  };

const commandLines = (table: CommandTable): string => {
  const flagsApply = table.interspersed ? `__skiff_is ${table.name}` : `__skiff_is ${table.name}; and __skiff_argument_is 0`;
  return ['', ...table.flags.map((flag) => flagLine(flagsApply, flag)), helpLine(flagsApply), ...argumentLines(table)].join('\n');
};

const helpLine = (condition: string): string => `complete -c skiff -n ${quoted(condition)} -l help -d ${quoted('Print this help and leave')}`;

const flagLine = (condition: string, flag: Flag): string => {
  const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
  const value = flag.kind === 'bool' ? '' : ` ${valueWords(flag)}`;
  return `complete -c skiff -n ${quoted(condition)} -l ${flag.name}${short}${value} -d ${quoted(flag.help)}`;
};

const valueWords = (flag: Flag): string => {
  const words = flag.choices ?? flag.suggestions;
  if (words !== undefined) return `-x -a ${quoted(words.join(' '))}`;
  return flag.complete === undefined ? '-x' : dynamic(flag.complete, 'value');
};

const dynamic = (what: Completion, where: 'value' | 'argument'): string => {
  if (what === 'files') return where === 'value' ? '-r -F' : '-F';
  if (what === 'directories') return `-x -a '(__fish_complete_directories)'`;
  return `${where === 'value' ? '-x ' : ''}-a '(skiff __complete ${what} 2>/dev/null)'`;
};

const argumentLines = (table: CommandTable): readonly string[] => {
  const { complete, completeAll, choices } = table.positionals;
  const first = `__skiff_is ${table.name}; and __skiff_argument_is 0`;
  const condition = quoted(completeAll === true ? `__skiff_is ${table.name}` : first);
  if (choices !== undefined) return [`complete -c skiff -n ${condition} -a ${quoted(choices.join(' '))}`];
  const rest = table.interspersed ? [] : [`complete -c skiff -n ${quoted(`__skiff_is ${table.name}; and not __skiff_argument_is 0`)} -F`];
  return complete === undefined ? rest : [`complete -c skiff -n ${condition} ${dynamic(complete, 'argument')}`, ...rest];
};

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
