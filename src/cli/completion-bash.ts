import { table as globalTable } from './options/global.ts';
import { families as familyNames, longForms } from './options/long-forms.ts';
import type { CommandTable, Completion, Flag } from './options/table.ts';
import { isShort } from './spelling.ts';

/**
 * The completion script for bash 4 and later; it needs no bash-completion package.
 * It splits COMP_LINE itself: bash would split words at `=` and `:`, which values are full of.
 */
export const bashScript = (tables: readonly CommandTable[]): string =>
  `# bash completion for skiff; made from its option tables by 'skiff completion bash'.
${reader}
${functions(tables)}
_skiff() {
  local cur name at command='' args_only=''
  local -a words=()
  _skiff_words
  COMPREPLY=()
  _skiff_command
  case "$command" in
${[globalTable, ...tables].map((table) => commandCase(table, tables)).join('\n')}
${families().map(familyCase).join('\n')}
  esac
}

complete -o nosort -F _skiff skiff 2>/dev/null || complete -F _skiff skiff
`;

const reader = `
# Fills words and cur with whole words up to the cursor.
_skiff_words() {
  local line="\${COMP_LINE:0:COMP_POINT}" word
  words=()
  while read -r -d ' ' word; do
    [[ -n $word ]] && words+=("$word")
  done <<<"$line "
  [[ $line == *[[:space:]] || \${#words[@]} -eq 0 ]] && words+=('')
  cur="\${words[\${#words[@]}-1]}"
}

# Offers the given words that start with $cur, or with what follows its '='.
_skiff_offer() {
  local IFS=$'\\n' typed="$cur" cut reply
  [[ $cur == --*=* ]] && typed="\${cur#*=}"
  COMPREPLY=($(compgen -W "$*" -- "$typed"))
  # bash completes only what follows the last colon.
  cut="\${typed%"\${typed##*:}"}"
  if [[ -n $cut && $COMP_WORDBREAKS == *:* ]]; then
    for reply in "\${!COMPREPLY[@]}"; do COMPREPLY[reply]="\${COMPREPLY[reply]#"$cut"}"; done
  fi
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[=:,] ]] && compopt -o nospace 2>/dev/null
}

_skiff_names() {
  local IFS=$'\\n'
  _skiff_offer $(skiff __complete "$1" 2>/dev/null)
}

_skiff_files() {
  local IFS=$'\\n' typed="$cur"
  [[ $cur == --*=* ]] && typed="\${cur#*=}"
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$1" -- "$typed"))
}`;

/**
 * Shell code that finds the command and, after it, whether the cursor is on the value of a flag (name) or on an argument (at counts them).
 * A command whose arguments are another program's stops offering flags at its first argument.
 */
const functions = (tables: readonly CommandTable[]): string => `
# Sets command, name (the flag whose value is being typed) and at (the number of the argument being typed).
_skiff_command() {
  local i word next_is_value='' last=$((\${#words[@]} - 1)) flags_end='' valued=' ${valueFlags(globalTable)} ' stops=1
  at=1
  for ((i = 1; i <= last; i++)); do
    word="\${words[i]}"
    name=''
    if [[ -n $next_is_value ]]; then
      name="$next_is_value" next_is_value=''
    elif [[ -z $flags_end && $word == --*=* ]]; then
      name="\${word%%=*}"
    elif [[ -z $flags_end && $word == -- && $i -lt $last ]]; then
      flags_end=1
    elif [[ -z $flags_end && $word == -?* ]]; then
      [[ $word == --* && $valued == *" $word "* ]] && next_is_value="$word"
      [[ $word != --* ]] && _skiff_cluster "$word"
    elif ((i < last)); then
      if [[ -z $command ]]; then
        _skiff_find "$word" "\${words[i+1]}" $((i + 1 < last)) && i=$((i + REPLY))
      else
        at=$((at + 1))
        [[ -n $stops ]] && flags_end=1
      fi
    fi
  done
  [[ -n $flags_end ]] && args_only=1
}

# Of letters such as -ite, the first that takes a value ends the cluster; its value is the next word only if it is the last.
_skiff_cluster() {
  local at
  for ((at = 1; at < \${#1}; at++)); do
    [[ $valued == *" -\${1:at:1} "* ]] || continue
    ((at == \${#1} - 1)) && next_is_value="-\${1:at:1}"
    return
  done
}

# Sets command and its properties from one or two words; REPLY is how many more than one it took.
_skiff_find() {
  REPLY=0
  case "$1" in
${families().map(findFamily).join('\n')}
    *) command="$1" ;;
  esac
  case "$command" in
${tables.map((table) => `    ${table.name}) valued=' ${valueFlags(table)} ' stops=${table.interspersed ? "''" : 1} ;;`).join('\n')}
  esac
}
`;

interface Family {
  readonly name: string;
  /** Second word and the command it stands for. */
  readonly members: readonly (readonly [word: string, command: string])[];
}

const families = (): readonly Family[] =>
  familyNames.map((name) => {
    const forms = Object.entries(longForms).filter(([form]) => form.startsWith(`${name} `));
    return { name, members: forms.map(([form, command]) => [form.slice(name.length + 1), command] as const) };
  });

const findFamily = ({ name, members }: Family): string => `    ${name})
      command=${name}
      (($3)) || return
      REPLY=1
      case "$2" in
${members.map(([word, command]) => `        ${word}) command=${command} ;;`).join('\n')}
      esac
      ;;`;

const familyCase = ({ name, members }: Family): string => `    ${name}) _skiff_offer ${members.map(([word]) => word).join(' ')} ;;`;

const valueFlags = (table: CommandTable): string =>
  table.flags
    .filter((flag) => flag.kind !== 'bool')
    .flatMap((flag) => [`--${flag.name}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])])
    .join(' ');

const commandCase = (table: CommandTable, tables: readonly CommandTable[]): string => {
  const values = table.flags.filter((flag) => flag.kind !== 'bool').map(valueCase);
  const names = [...table.flags.map((flag) => `--${flag.name}`), '--help'];
  return `    ${table.name === '' ? "''" : table.name})
      case "$name" in
${values.join('\n')}
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer ${names.join(' ')}
          else
            ${table.name === '' ? commandWords(tables) : argumentCode(table)}
          fi
          ;;
      esac
      ;;`;
};

const valueCase = (flag: Flag): string => {
  const pattern = [`--${flag.name}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])].join('|');
  return `        ${pattern}) ${valueCode(flag)} ;;`;
};

const valueCode = (flag: Flag): string => {
  const words = flag.choices ?? flag.suggestions;
  if (words !== undefined) return `_skiff_offer ${words.map(quoted).join(' ')}`;
  return flag.complete === undefined ? ':' : dynamic(flag.complete);
};

const dynamic = (what: Completion): string => (what === 'files' ? '_skiff_files -f' : what === 'directories' ? '_skiff_files -d' : `_skiff_names ${what}`);

const argumentCode = (table: CommandTable): string => {
  const { complete, completeAll, choices } = table.positionals;
  const code = choices !== undefined ? `_skiff_offer ${choices.join(' ')}` : complete === undefined ? ':' : dynamic(complete);
  if (completeAll === true) return code;
  return `if ((at == 1)); then ${code}; else ${table.interspersed ? ':' : '_skiff_files -f'}; fi`;
};

const commandWords = (tables: readonly CommandTable[]): string => `_skiff_offer ${[...tables.filter(isShort).map((table) => table.name), ...familyNames, 'help'].join(' ')}`;

const quoted = (word: string): string => `'${word.replace(/'/g, `'\\''`)}'`;
