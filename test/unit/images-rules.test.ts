/** What is garbage, what `rmi` does, how names move and what `image prune` chooses: all of it pure, as tables. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Digest } from '../../src/core/digest.ts';
import { garbageOf } from '../../src/images/inventory.ts';
import type { Inventory } from '../../src/images/inventory.ts';
import type { Entry } from '../../src/images/layout.ts';
import { withName, withoutNames } from '../../src/images/names.ts';
import type { Needs } from '../../src/images/needs.ts';
import { parseUntil, pruneTest } from '../../src/images/prune-filters.ts';
import { decideRemoval } from '../../src/images/remove-rules.ts';
import type { ImageUser } from '../../src/images/users.ts';
import type { Paths } from '../../src/system/paths.ts';

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const [a, b, c, m, r] = [...'abcde'].map(digest) as [Digest, Digest, Digest, Digest, Digest];

const entry = (id: Digest, name?: string, more: Partial<Entry> = {}): Entry => ({
  id,
  created: 0,
  size: 1,
  descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: m, size: 2 },
  ...(name === undefined ? {} : { name }),
  ...more,
});

const inventory: Inventory = {
  blobs: [a, b, c].map((each) => ({ path: `blob ${each[7]}`, digest: each })),
  layers: [
    { directory: 'layers', name: 'a', diffId: a, fresh: false },
    { directory: 'layers', name: 'b', diffId: b, fresh: false },
    { directory: 'layers', name: 'fresh a', diffId: a, fresh: true },
    { directory: 'layers', name: 'fresh c', diffId: c, fresh: true },
  ],
  partial: [{ path: 'partial b', digest: b }, { path: 'partial c', digest: c }],
  abandoned: ['left'],
};
const needs: Needs = { blobs: new Set(), layers: new Set(), held: new Set(), everyBlob: false, everyLayer: false, doubts: [] };

const garbage = (some: Partial<Needs>, scope?: ReadonlySet<Digest>): readonly string[] => {
  const found = garbageOf(inventory, { ...needs, ...some }, scope);
  return [...found.blobs.map(({ path }) => path), ...found.layers.map(({ name }) => name), ...found.partial.map(({ path }) => path), ...found.abandoned];
};

test('what nothing needs is garbage, and only that', () => {
  assert.equal(garbage({}), ['blob a', 'blob b', 'blob c', 'a', 'b', 'fresh a', 'fresh c', 'partial b', 'partial c', 'left']);
  assert.equal(garbage({ blobs: new Set([a, c]), layers: new Set([a]) }), ['blob b', 'b', 'fresh a', 'fresh c', 'partial b', 'partial c', 'left']);
});

test('a layer that waits for its name, and a download, are kept by a lease alone', () => {
  const held = new Set([c]);
  assert.equal(garbage({ held, blobs: held, layers: held }), ['blob a', 'blob b', 'a', 'b', 'fresh a', 'partial b', 'left']);
});

test('where something cannot be known, all of the kind stays', () => {
  assert.equal(garbage({ everyBlob: true }), ['a', 'b', 'fresh a', 'fresh c', 'partial b', 'partial c', 'left']);
  assert.equal(garbage({ everyLayer: true }), ['blob a', 'blob b', 'blob c', 'fresh a', 'fresh c', 'partial b', 'partial c', 'left']);
});

test('with a scope nothing else is touched', () => {
  assert.equal(garbage({}, new Set([b])), ['blob b', 'b', 'partial b']);
  assert.equal(garbage({}, new Set()), []);
});

const one = 'docker.io/library/x:1';
const two = 'docker.io/library/x:2';
const other = 'quay.io/a/b:latest';
const byDigest = `docker.io/library/x@${m}`;
const user = (running: boolean, image = a): ImageUser => ({ id: running ? 'e'.repeat(64) : 'd'.repeat(64), image, mounted: [], layers: [], running });

/** Removal as `untagged…, deleted` or the sentence of the conflict. */
const removal = (word: string, names: readonly string[], users: readonly ImageUser[] = [], force = false): readonly string[] | string => {
  const entries = [...(names.length === 0 ? [entry(a)] : names.map((name) => entry(a, name))), entry(b, 'docker.io/library/z:1')];
  const found = entries.find(({ name }) => name === word) ?? entries[0];
  if (found === undefined) throw new Error('no entry');
  try {
    const { untagged, deleted, names: gone } = decideRemoval(word, found, entries, users, force);
    assert.ok(gone.every(({ id }) => id === a));
    return [...untagged, ...(deleted ? ['deleted'] : [])];
  } catch (error) {
    return (error as Error).message;
  }
};

const id = a.slice(7);
const short = id.slice(0, 12);
const stopped = 'd'.repeat(12);
const running = 'e'.repeat(12);

test('by name', () => {
  assert.equal(removal(one, [one]), ['x:1', `x@${m}`, 'deleted']);
  assert.equal(removal(one, [one, two]), ['x:1']);
  assert.equal(removal(one, [one, other]), ['x:1', `x@${m}`]);
  assert.equal(removal(one, [one, byDigest]), ['x:1', `x@${m}`, 'deleted'], 'a digest alone is no name that stays');
  assert.equal(removal(byDigest, [byDigest]), [`x@${m}`, 'deleted']);
  assert.equal(removal(`x@${m}`, [one, two, other]), ['x:1', 'x:2', `x@${m}`]);
});

test('by name, with containers', () => {
  const conflict = (container: string): string => `conflict: unable to remove repository reference "${one}" (must force) - container ${container} is using its referenced image ${short}`;
  assert.is(removal(one, [one], [user(false)]), conflict(stopped));
  assert.is(removal(one, [one], [user(true)]), conflict(running));
  assert.equal(removal(one, [one], [user(true, b)]), ['x:1', `x@${m}`, 'deleted'], 'of another image');
  assert.equal(removal(one, [one, two], [user(true)]), ['x:1'], 'another name is left');
  assert.equal(removal(one, [one], [user(false)], true), ['x:1', `x@${m}`, 'deleted']);
  assert.equal(removal(one, [one], [user(true)], true), ['x:1', `x@${m}`], 'it stays without a name');
});

test('an image that a container has mounted is as good as its own', () => {
  const guest = (isRunning: boolean): ImageUser => ({ ...user(isRunning, b), mounted: [a] });
  assert.match(String(removal(one, [one], [guest(false)])), new RegExp(`container ${stopped} is using its referenced image`));
  assert.match(String(removal(id, [one], [guest(true)], true)), /cannot be forced.*running container/);
  assert.equal(removal(one, [one], [guest(false)], true), ['x:1', `x@${m}`, 'deleted']);
  assert.equal(removal(one, [one], [{ ...guest(true), mounted: [c] }]), ['x:1', `x@${m}`, 'deleted'], 'of another image');
});

test('by id', () => {
  assert.equal(removal(id, [one]), ['x:1', `x@${m}`, 'deleted']);
  assert.equal(removal(a, [one]), ['x:1', `x@${m}`, 'deleted']);
  assert.equal(removal('aaa', []), ['deleted']);
  assert.is(removal(id, [one, two]), `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`);
  assert.is(removal(id, [one, other]), `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`);
  assert.equal(removal(id, [one, other], [], true), ['x:1', 'b:latest', `x@${m}`, `b@${m}`].map((name) => name.replace(/^b/, 'quay.io/a/b')).concat('deleted'));
});

test('by id, with containers', () => {
  const busy = `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container ${running}`;
  for (const names of [[one], [one, two], []]) {
    for (const force of [false, true]) assert.is(removal(id, names, [user(false), user(true)], force), busy);
  }
  assert.is(removal(id, [one], [user(false)]), `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container ${stopped}`);
  assert.equal(removal(id, [one], [user(false)], true), ['x:1', `x@${m}`, 'deleted']);
});

const shown = (entries: readonly Entry[]): readonly string[] => entries.map(({ id: each, name }) => `${each[7]} ${name ?? '-'}`);

test('a name moves, and who loses its last one stays without', () => {
  assert.equal(shown(withName([entry(a, one), entry(b, two)], entry(a, one), two)), [`a ${one}`, 'b -', `a ${two}`]);
  assert.equal(shown(withName([entry(a, one), entry(b, two), entry(b, other)], entry(a, one), two)), [`a ${one}`, `b ${other}`, `a ${two}`]);
  assert.equal(shown(withName([entry(a)], entry(a), one)), [`a ${one}`], 'no line without a name beside one with');
  assert.equal(shown(withoutNames([entry(a, one), entry(a, two)], [])), [`a ${one}`, `a ${two}`]);
  const before = [entry(a, one)];
  assert.is(withName(before, entry(a, one), one), before, 'nothing to write');
});

test('what a name points at in its registry goes with the repository', () => {
  const pulled = entry(a, one, { remoteDigest: r });
  assert.is(withName([pulled], pulled, two).at(-1)?.remoteDigest, r);
  assert.is(withName([pulled], pulled, other).at(-1)?.remoteDigest, undefined);
  assert.equal(decideRemoval(one, pulled, [pulled], [], false).untagged, ['x:1', `x@${r}`]);
});

test('until: seconds, dates and spans', () => {
  const now = Date.parse('2026-11-20T12:00:00Z');
  assert.is(parseUntil('1700000000', now), 1700000000000);
  assert.is(parseUntil('1h30m', now), now - 5400000);
  assert.is(parseUntil('24h', now), now - 86400000);
  assert.is(parseUntil('2026-11-20T11:00:00Z', now), now - 3600000);
  assert.is(parseUntil('2026-11-20T11Z', now), now - 3600000);
  assert.is(parseUntil('2026-11-20T13:00:00+02:00', now), now - 3600000);
  assert.is(parseUntil('2026-11-20', now), new Date(2026, 10, 20).getTime());
  for (const bad of ['', 'soon', '-1h', '1d', '2026-13-01', '2026-11-20T99', '1h30']) assert.throws(() => parseUntil(bad, now), /invalid filter 'until=/, bad);
});

test('filters of prune that are none', () => {
  for (const bad of [['dangling=true'], ['until'], ['until=1h', 'until=2h'], ['toString=1']]) assert.throws(() => pruneTest({} as Paths, bad, 0), /filter/, String(bad));
  assert.is(pruneTest({} as Paths, ['until=100'], 0)(entry(a, one, { created: 100_001 })), false);
  assert.is(pruneTest({} as Paths, ['until=100'], 0)(entry(a, one, { created: 99_000 })), true);
});

test.run();
