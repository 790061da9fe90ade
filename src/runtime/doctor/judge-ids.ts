/** Whether containers get more than one user, and whether those ids are nobody else's: subuid(5), newuidmap(1). Pure. */
import { parseSubordinateIds } from '../../core/subordinate-ids.ts';
import { ask, error, ok, warning } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Facts, IdFacts } from './facts.ts';

/** What images count on: Debian's and Docker's highest ids are 65533 and 65534. */
const enough = 65536;

interface Range {
  readonly start: number;
  readonly count: number;
}

const check = 'ids';
const text = ({ start, count }: Range): string => `${start}-${start + count - 1}`;
const overlaps = (a: Range, b: Range): boolean => a.start < b.start + b.count && b.start < a.start + a.count;

const program = (name: string, path: string | undefined, how: string | undefined): readonly Finding[] => {
  if (path === undefined) return [warning(check, `${name} is not installed: containers have one user, you`, ask('apt-get install uidmap'))];
  if (how === 'plain') return [error(check, `${path} has neither its set-user-id bit nor a file capability, so it cannot map your ids`, ask('apt-get install --reinstall uidmap'))];
  if (how === 'nosuid') return [error(check, `${path} is on a file system that is mounted with nosuid, so it cannot map your ids`, 'have it where programs may gain privileges')];
  return [];
};

/** Lines of other people that give away what is ours; each owner once. */
const sharers = (file: string, user: string, uid: number, own: readonly Range[]): readonly string[] => {
  const owners = new Set(file.split('\n').map((line) => line.split(':')[0]?.trim() ?? '').filter((owner) => owner !== '' && owner !== user && owner !== String(uid)));
  return [...owners].filter((owner) => parseSubordinateIds(file, owner, -1).some((theirs) => own.some((ours) => overlaps(ours, theirs))));
};

/** Accounts, or groups, whose own id is among `own`. */
const residents = (accounts: string, own: readonly Range[]): readonly string[] =>
  accounts.split('\n').flatMap((line) => {
    const [name = '', , id = ''] = line.split(':');
    const value = /^\d+$/.test(id) ? Number(id) : -1;
    return own.some(({ start, count }) => value >= start && value < start + count) ? [`${name} (${value})`] : [];
  });

interface IdFile {
  readonly name: 'subuid' | 'subgid';
  readonly kind: 'user' | 'group';
  readonly text: string;
  readonly accounts: string;
}

const fileFindings = ({ user, uid, grant }: IdFacts, { name, kind, text: file, accounts }: IdFile): readonly Finding[] => {
  const own = parseSubordinateIds(file, user, uid);
  if (own.length === 0) return [warning(check, `/etc/${name} has no ids for ${user}: containers have one user, you`, ask(grant))];
  const total = own.reduce((sum, { count }) => sum + count, 0);
  const few = total < enough ? [warning(check, `${total} subordinate ${kind} ids are few: files of images with ids above ${total} cannot be kept`, `have /etc/${name} give you ${enough}`)] : [];
  const shared = sharers(file, user, uid, own).map((owner) =>
    warning(check, `subordinate ${kind} ids of yours (${own.map(text).join(', ')}) are also given to ${owner}: both can change the files of the other's containers`, `have an administrator give one of you other ids in /etc/${name}`),
  );
  const inhabited = residents(accounts, own).map((who) =>
    warning(check, `the subordinate ids in /etc/${name} contain the ${kind} ${who}: your containers can act as that ${kind}`, `have an administrator give you other ids in /etc/${name}`),
  );
  const found = [...few, ...shared, ...inhabited];
  return found.length === 0 ? [ok(check, `${total} subordinate ${kind} ids: ${own.map(text).join(', ')}`)] : found;
};

/** The same remedy need not be said twice: where neither file has ids, one line says so. */
const withoutRepetition = (findings: readonly Finding[]): readonly Finding[] => [...new Map(findings.map((finding) => [`${finding.text}\n`, finding])).values()];

/** Findings about ids. */
export const judgeIds = ({ ids, kernel }: Facts): readonly Finding[] => {
  const how = (path: string | undefined): string | undefined => (path === undefined ? undefined : kernel.programs.get(path));
  const files: readonly IdFile[] = [
    { name: 'subuid', kind: 'user', text: ids.subuid, accounts: ids.passwd },
    { name: 'subgid', kind: 'group', text: ids.subgid, accounts: ids.group },
  ];
  const found = [
    ...program('newuidmap', ids.newuidmap, how(ids.newuidmap)),
    ...program('newgidmap', ids.newgidmap, how(ids.newgidmap)),
    ...files.flatMap((file) => fileFindings(ids, file)),
  ];
  const privileges = kernel.trials.get('privileges');
  const frozen = privileges === undefined ? [] : [error(check, `newuidmap cannot work: ${privileges}`, 'start skiff from a login, not from a program that gives privileges up')];
  const isExplained = [...found, ...frozen].some(({ level }) => level === 'error');
  const trial = ids.failure === undefined ? [] : [error(check, ids.failure, isExplained ? '' : 'the findings about the kernel may say why')];
  return withoutRepetition([...found, ...frozen, ...trial]);
};
