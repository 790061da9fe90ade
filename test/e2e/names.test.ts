/**
 * The words that name containers, for every command that takes one or several: names, whole ids and beginnings of ids; what is missing makes it
 * 1 and keeps nothing from being done to the others; a beginning that fits several does nothing.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importBusybox, output, removeAll, scratch, skiff } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const sleeper = (name: string): string => output(['run', '-d', '--network', 'none', '--name', name, '--stop-signal', 'KILL', 'busybox', 'sleep', '1000']).trim();

/** Brings a container into the state that a command wants. */
const prepare: Readonly<Record<string, (name: string) => void>> = {
  start: (name) => void output(['stop', name]),
  unpause: (name) => void output(['pause', name]),
  wait: (name) => void output(['stop', name]),
  rm: (name) => void output(['stop', name]),
};

/** Commands that take several containers, and what they print for one that is done with. */
const several: Readonly<Record<string, (word: string) => string>> = {
  start: (word) => `${word}\n`,
  stop: (word) => `${word}\n`,
  restart: (word) => `${word}\n`,
  kill: (word) => `${word}\n`,
  pause: (word) => `${word}\n`,
  unpause: (word) => `${word}\n`,
  wait: () => '137\n',
  rm: (word) => `${word}\n`,
  'inspect -f {{.State.Status}}': () => 'running\n',
  'container inspect -f {{.State.Status}}': () => 'running\n',
};

for (const [command, printed] of Object.entries(several)) {
  test(`${command}: several words of every kind, with one that is missing`, () => {
    const ids = ['one', 'two', 'three'].map(sleeper);
    for (const name of ['one', 'two', 'three']) prepare[command]?.(name);
    const words = ['one', 'missing', ids[1]?.slice(0, 20) ?? '', ids[2] ?? ''];
    const { status, stdout, stderr } = skiff([...command.split(' '), ...words]);
    assert.is(status, 1);
    assert.is(stdout, words.filter((word) => word !== 'missing').map(printed).join(''));
    assert.is(stderr, `skiff: no such ${command.startsWith('inspect') ? 'object' : 'container'}: missing\n`);
  });
}

/** Commands that take one container, with what else they need. */
const single = (word: string, place: string): readonly (readonly string[])[] => [
  ['attach', '--no-stdin', word],
  ['exec', word, 'true'],
  ['logs', word],
  ['top', word],
  ['port', word],
  ['diff', word],
  ['export', '-o', join(place, 'tar'), word],
  ['cp', `${word}:/etc/passwd`, place],
  ['rename', word, 'another'],
  ['commit', word],
  ['stats', '--no-stream', word],
];

/** Two containers whose ids begin alike: of seventeen, two must begin with the same digit. */
const twins = (): string => {
  const seen = new Set<string>();
  for (;;) {
    const first = output(['create', '--network', 'none', 'busybox', 'sleep', '1000'])[0] ?? '';
    if (seen.has(first)) return first;
    seen.add(first);
  }
};

test('a word that fits nothing, and one that fits several, make every command 1 and do nothing', () => {
  const place = scratch();
  mkdirSync(place, { recursive: true });
  const prefix = twins();
  const before = output(['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}']);
  const all = (word: string): readonly (readonly string[])[] => [...single(word, place), ...Object.keys(several).map((command) => [...command.split(' '), word])];
  for (const words of all('missing')) {
    const { status, stderr } = skiff(words);
    assert.is(status, 1, words.join(' '));
    assert.match(stderr, /^skiff: no such (container|object): missing\n$/, words.join(' '));
  }
  for (const words of [...all(prefix), ['rm', '-f', prefix]]) {
    const { status, stderr } = skiff(words);
    assert.is(status, 1, words.join(' '));
    assert.match(stderr, new RegExp(`^skiff: '${prefix}' begins the ids of \\d+ containers; give more digits, or a name\\n$`), words.join(' '));
  }
  assert.is(output(['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}']), before);
  const forced = skiff(['rm', '-f', 'missing']);
  assert.equal([forced.status, forced.stdout, forced.stderr], [0, '', 'skiff: no such container: missing\n']);
});

test('the beginning of an id does for every command that takes one container', () => {
  const word = sleeper('one').slice(0, 16);
  for (const words of single(word, scratch()).filter(([command]) => command !== 'attach')) {
    const { status, stderr } = skiff(words);
    assert.is(status, 0, `${words.join(' ')}: ${stderr}`);
  }
});

test('a name comes before the beginning of an id, as in Docker, and may have a slash in front', () => {
  const id = sleeper('one');
  output(['create', '--network', 'none', '--name', id.slice(0, 8), 'busybox', 'true']);
  assert.is(output(['inspect', '-f', '{{.Name}}', id.slice(0, 8)]), `/${id.slice(0, 8)}\n`);
  assert.is(output(['inspect', '-f', '{{.Id}}', id.slice(0, 9)]), `${id}\n`);
  assert.is(output(['stop', '/one']), '/one\n');
});

test('what a container is not in the state for, in Docker\'s words and with its exit codes', () => {
  sleeper('up');
  output(['create', '--network', 'none', '--name', 'new', 'busybox', 'true']);
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['attach new', 1, /^skiff: cannot attach to a stopped container, start it first\n$/],
    ['exec new true', 1, /^skiff: container new is not running/],
    ['top new', 1, /^skiff: container new is not running/],
    ['kill new', 1, /^skiff: cannot kill container: new: container [0-9a-f]{12} is not running\n$/],
    ['pause new', 1, /^skiff: container new is not running/],
    ['unpause up', 1, /^skiff: container [0-9a-f]{12} is not paused\n$/],
    ['rm up', 1, /^skiff: cannot remove container "up": it is running; /],
    ['start -a up new', 1, /^skiff: you cannot start and attach multiple containers at once; /],
    ['stop new', 0, /^$/],
    ['start up', 0, /^$/],
    ['rename up new', 1, /^skiff: the container name "new" is already in use/],
  ];
  for (const [words, code, text] of cases) {
    const { status, stderr } = skiff(words.split(' '));
    assert.is(status, code, words);
    assert.match(stderr, text, words);
  }
});

test.run();
