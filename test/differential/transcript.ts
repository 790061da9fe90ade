/** Transcripts of `commands.sh`: making two of them comparable, and comparing them. */

/** A command of a transcript, with what stands under it up to its exit code. */
export interface Block {
  /** Section and words, as `ps: ps -a`. */
  readonly command: string;
  /** Lines of output, `!` for anything on standard error, and `= CODE` at last. */
  readonly result: string;
}

const replacements: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{64}\b/g, '<id>'],
  [/\b[0-9a-f]{12}\b/g, '<short id>'],
  [/\b(?!0001)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| ?[+-]\d\d:?\d\d( UTC)?)/g, '<time>'],
  [/\b(Less than a second|About an? (minute|hour)|1 (second|minute)|\d+ (seconds|minutes))( ago)?\b/g, '<while>'],
  [/\b[A-Z][a-z]{2} +\d+ \d\d:\d\d\b/g, '<time>'],
  [/\S*\/netns\/<short id>|\/proc\/\d+\/ns\/net/g, '<network namespace>'],
  [/Imported from \/\S+/g, 'Imported from <file>'],
  // Columns are as wide as ids and times make them.
  [/ {3,}(?=\S)/g, '   '],
];

/** A transcript without what differs between two runs of one tool: ids, times, and the width of columns. */
export const comparable = (transcript: string): string =>
  transcript
    .split('\n')
    .map((line) => replacements.reduce((text, [pattern, word]) => text.replace(pattern, word), line).trimEnd())
    .join('\n');

/** The commands of a comparable transcript. Several of the same words in a section are told apart by a number. */
export const blocksOf = (transcript: string): readonly Block[] => {
  const seen = new Map<string, number>();
  return transcript
    .split(/^== /m)
    .slice(1)
    .flatMap((section) => {
      const name = section.slice(0, section.indexOf('\n'));
      return section
        .split(/^\$ /m)
        .slice(1)
        .map((text) => {
          const words = `${name}: ${text.slice(0, text.indexOf('\n'))}`;
          const times = (seen.get(words) ?? 0) + 1;
          seen.set(words, times);
          return { command: times === 1 ? words : `${words} (${times})`, result: text.slice(text.indexOf('\n') + 1).trimEnd() };
        });
    });
};

/** A difference that is meant: for which commands, and why. */
export interface Known {
  readonly commands: RegExp;
  readonly why: string;
  /** Makes the peer's result ours where the rule holds; without it, results may differ in any way. */
  readonly ours?: (theirs: string) => string;
}

export interface Comparison {
  /** Each with both results, ready to be printed. */
  readonly differences: readonly string[];
  /** Rules that explained nothing: what they tell of has gone. */
  readonly stale: readonly string[];
}

/** Compares block by block what both have run; a block that only one of them has is a difference. */
export const compare = (ours: readonly Block[], theirs: readonly Block[], known: readonly Known[]): Comparison => {
  const used = new Set<Known>();
  const explained = ({ command, result }: Block, peer: string): boolean =>
    known.some((rule) => {
      if (!rule.commands.test(command) || (rule.ours !== undefined && rule.ours(peer) !== result)) return false;
      used.add(rule);
      return true;
    });
  const peers = new Map(theirs.map(({ command, result }) => [command, result]));
  const mine = new Set(ours.map(({ command }) => command));
  const differences = [
    ...ours.flatMap((block) => {
      const peer = peers.get(block.command);
      if (peer === undefined) return [`$ ${block.command}\nran here only:\n${block.result}`];
      return peer === block.result || explained(block, peer) ? [] : [`$ ${block.command}\nskiff:\n${block.result}\npeer:\n${peer}`];
    }),
    ...theirs.filter(({ command }) => !mine.has(command)).map(({ command, result }) => `$ ${command}\nran there only:\n${result}`),
  ];
  return { differences, stale: known.filter((rule) => !used.has(rule)).map(({ commands, why }) => `${commands}: ${why}`) };
};
