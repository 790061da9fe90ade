/** Programs and devices of the host, the storage driver, control groups and settings. Pure. */
import { ask, error, ok, warning } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Facts } from './facts.ts';

/** Judged with the ids. */
const isOfIds = (name: string): boolean => name === 'newuidmap' || name === 'newgidmap';

const isOverlay = (driver: Facts['driver']): boolean => 'name' in driver && driver.name === 'overlay';

/** What an ordinary `run` needs: a network, and fuse-overlayfs where the kernel has no overlay. */
const isNeeded = (name: string, { driver }: Facts): boolean => name === 'slirp4netns' || !isOverlay(driver);

const programFindings = (facts: Facts): readonly Finding[] =>
  facts.programs.filter(({ Name }) => !isOfIds(Name)).map(({ Name, Path, Version, Package, NeededFor }) => {
    if (Path !== '') return ok('programs', `${[Name, Version].filter((part) => part !== '').join(' ')} (${Path})`);
    return (isNeeded(Name, facts) ? error : warning)('programs', `${Name} is not installed; it is needed for ${NeededFor}`, ask(`apt-get install ${Package}`));
  });

const moduleOf: Readonly<Record<string, string>> = { '/dev/fuse': 'fuse', '/dev/net/tun': 'tun' };

const deviceFindings = (facts: Facts): readonly Finding[] =>
  facts.devices.map(({ Path, Usable, Reason, NeededFor, mode }) => {
    if (Usable) return ok('devices', `${Path} opens (mode ${mode})`);
    const level = Path === '/dev/fuse' && isOverlay(facts.driver) ? warning : error;
    const remedy = mode === '' ? ask(`modprobe ${moduleOf[Path] ?? ''}`) : ask(`chmod 666 ${Path}`);
    return level('devices', `${Path} cannot be opened: ${Reason}${mode === '' ? '' : ` (mode ${mode})`}; it is needed for ${NeededFor}`, remedy);
  });

const driverFinding = ({ driver }: Facts): Finding =>
  'name' in driver ? ok('storage', `${driver.name}: ${driver.why}`) : error('storage', driver.text, driver.remedy);

/** What `run` has a flag for. */
const wantedControllers = ['cpu', 'memory', 'pids'] as const;

const cgroupFinding = ({ cgroups: { failure, controllers } }: Facts): Finding => {
  if (failure !== undefined) return warning('cgroups', failure.text, failure.remedy);
  const lacking = wantedControllers.filter((name) => !controllers.includes(name));
  if (lacking.length === 0) return ok('cgroups', `limits by ${controllers.join(', ')}`);
  const file = "'[Service]' and 'Delegate=cpu cpuset io memory pids' in /etc/systemd/system/user@.service.d/delegate.conf, then 'systemctl daemon-reload', gives them";
  return warning('cgroups', `no limits of ${lacking.join(', ')}: ${lacking.length === 1 ? 'this controller is' : 'these controllers are'} not delegated to you`, file);
};

const settingsFinding = ({ settings: { path, there, failure } }: Facts): Finding => {
  if (failure !== undefined) return error('settings', failure.text, failure.remedy === '' ? 'correct the file, or move it away' : failure.remedy);
  return ok('settings', there ? path : `none (${path} is not there)`);
};

/** Findings about what is around Skiff. Where its directories cannot be made, no driver was tried. */
export const judgeSurroundings = (facts: Facts): readonly Finding[] => [
  ...programFindings(facts),
  ...deviceFindings(facts),
  ...(facts.directories === undefined ? [driverFinding(facts)] : []),
  cgroupFinding(facts),
  settingsFinding(facts),
];
