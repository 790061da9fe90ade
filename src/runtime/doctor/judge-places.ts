/** Directories of ours: what their file systems cannot keep, how much room is left, and where they should not be. Pure. */
import { binarySize } from '../../core/sizes.ts';
import { error, ok, warning } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Facts, PlaceFacts, Quota } from './facts.ts';

/** Less than this is too little for most images, in bytes; and for their files. */
const little = 1024 ** 3;
const fewFiles = 50_000;

/** Of other machines, as mount(8) calls them. */
const remote = /^(nfs4?|cifs|smb3|lustre|gpfs|beegfs|afs|ceph|9p|fuse\.(sshfs|ceph.*|glusterfs|rclone|s3fs|cvmfs2))$/;

const elsewhere = 'point SKIFF_ROOT or --root at a directory on a disk of this machine';

interface Quality {
  /** As the trial calls it. */
  readonly name: string;
  readonly level: 'warning' | 'error';
  readonly lost: string;
  /** Only where there are subordinate ids; else only where there are none; else always. */
  readonly where?: 'ranges' | 'single';
}

const qualities: readonly Quality[] = [
  { name: 'owner', level: 'error', where: 'ranges', lost: 'cannot keep files of subordinate ids, so no image with several owners can be unpacked there' },
  { name: 'attribute', level: 'warning', where: 'single', lost: 'has no user attributes, so the owners that images name are forgotten' },
  { name: 'attribute', level: 'warning', where: 'ranges', lost: 'has no user attributes, so the kernel\'s overlay does not work there and fuse-overlayfs is used' },
  { name: 'capability', level: 'warning', where: 'ranges', lost: 'has no file capabilities, so programs such as ping need to be run as root in containers' },
  { name: 'lock', level: 'error', lost: 'has no locks, so two commands at once would spoil each other\'s work' },
  { name: 'link', level: 'error', lost: 'has no hard links, on which addresses and layers rely' },
  { name: 'socket', level: 'warning', lost: 'cannot hold sockets, which programs in containers may make' },
];

const unkept = ({ keeps, ids }: Facts, data: PlaceFacts): readonly Finding[] => {
  const mode = ids.grant === '' ? 'ranges' : 'single';
  return qualities
    .filter(({ name, where }) => keeps.get(name) !== undefined && (where === undefined || where === mode))
    .map(({ name, level, lost }) => ({ level, check: 'data', text: `${data.path} (${data.type}) ${lost}: ${keeps.get(name)}`, remedy: elsewhere }));
};

/** Two kinds of trouble that any directory of ours may be in. */
const mountFindings = ({ what, path, type, options }: PlaceFacts): readonly Finding[] => [
  ...(options.includes('ro') ? [error(what, `${path} is on a file system that is mounted read-only`, what === 'data' ? elsewhere : 'choose another directory by XDG_CACHE_HOME or XDG_RUNTIME_DIR')] : []),
  ...(what === 'cache' && options.includes('noexec') ? [error(what, `${path} is on a file system that is mounted with noexec, so the programs that skiff carries cannot run`, 'point XDG_CACHE_HOME at a directory from which programs may be run')] : []),
  ...(what === 'data' && options.includes('noexec') ? [error(what, `${path} is on a file system that is mounted with noexec, so programs of images cannot run`, elsewhere)] : []),
  ...(what === 'runtime' && remote.test(type) ? [warning(what, `${path} is on a file system of another machine (${type}), where sockets and locks may not work`, 'unset XDG_RUNTIME_DIR, or point it at a directory that a reboot empties')] : []),
  ...(what === 'data' && remote.test(type)
    ? [warning(what, `${path} is on a file system of another machine (${type}): the kernel's overlay cannot write there, subordinate ids may be unknown to its server, and every small file is slow`, elsewhere)]
    : []),
];

const quotaFindings = (quota: Quota): readonly Finding[] => {
  const { used, limit, files, fileLimit } = quota;
  const share = `${binarySize(used)} of ${binarySize(limit)}`;
  const remedy = "see 'skiff system df' for what can go, or have the quota raised";
  const full = limit > 0 && used >= limit ? [error('quota', `your disk quota is used up: ${share}`, remedy)] : [];
  const nearly = limit > 0 && used < limit && limit - used < little ? [warning('quota', `your disk quota is nearly used up: ${share}`, remedy)] : [];
  const count = fileLimit > 0 && fileLimit - files < fewFiles ? [(files >= fileLimit ? error : warning)('quota', `you have ${files} of the ${fileLimit} files that your quota allows`, remedy)] : [];
  const found = [...full, ...nearly, ...count];
  return found.length > 0 ? found : [ok('quota', limit > 0 ? share : 'no limit for you')];
};

/** Full is what has no room for the records of a container. */
const spaceFindings = ({ path, free, freeFiles }: PlaceFacts): readonly Finding[] => {
  const remedy = "see 'skiff system df' for what can go, or point SKIFF_ROOT at another disk";
  const room = free < 1024 ** 2 ? [error('space', `${path} is full`, remedy)] : free < little ? [warning('space', `${path} has only ${binarySize(free)} left`, remedy)] : [];
  const files = freeFiles !== undefined && freeFiles < fewFiles ? [(freeFiles < 100 ? error : warning)('space', `${path} has room for only ${freeFiles} more files (inodes)`, remedy)] : [];
  const found = [...room, ...files];
  return found.length > 0 ? found : [ok('space', `${binarySize(free)}${freeFiles === undefined ? '' : ` and ${freeFiles} files`} are free for ${path}`)];
};

const runtimeFindings = ({ runtimeVariable }: Facts, { path }: PlaceFacts): readonly Finding[] => {
  if (runtimeVariable === undefined) return [ok('runtime', `${path}, because XDG_RUNTIME_DIR is not set`)];
  if (!runtimeVariable.startsWith('/')) return [warning('runtime', `XDG_RUNTIME_DIR is '${runtimeVariable}', which is not absolute and is ignored`, 'set it to an absolute path, or unset it')];
  return [ok('runtime', path)];
};

/** Findings about the data, cache and runtime directories. */
export const judgePlaces = (facts: Facts): readonly Finding[] => {
  if (facts.directories !== undefined) return [error('directories', facts.directories.text, facts.directories.remedy)];
  const of = (wanted: PlaceFacts['what']): readonly PlaceFacts[] => facts.places.filter(({ what }) => what === wanted);
  return [
    ...facts.places.flatMap(mountFindings),
    ...of('data').flatMap((data) => {
      const found = unkept(facts, data);
      return found.length > 0 ? found : [ok('data', `${data.path} (${data.type})`)];
    }),
    ...of('data').flatMap(spaceFindings),
    ...(facts.kernel.quota === undefined ? [] : quotaFindings(facts.kernel.quota)),
    ...of('runtime').flatMap((place) => runtimeFindings(facts, place)),
  ];
};

