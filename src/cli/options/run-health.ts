import type { Flag } from './table.ts';

const group = 'Health checks';

/** The flags of `run` and `create` that say how a container's health is looked at. */
export const healthFlags = [
  { name: 'health-cmd', kind: 'string', value: 'COMMAND', help: 'Run this in the container, with /bin/sh -c, to see whether it is well', group },
  { name: 'health-interval', kind: 'string', value: 'TIME', help: 'Time between two checks, as in 10s; 30s where nobody says otherwise', group },
  { name: 'health-retries', kind: 'int', value: 'N', help: 'So many failures in a row make it unhealthy; 3 where nobody says otherwise', group },
  { name: 'health-start-interval', kind: 'string', value: 'TIME', help: 'Time between two checks in the start period; 5s where nobody says otherwise', group },
  { name: 'health-start-period', kind: 'string', value: 'TIME', help: 'Time that it has to get going; failures in it do not count', group },
  { name: 'health-timeout', kind: 'string', value: 'TIME', help: 'A check that takes longer has failed; 30s where nobody says otherwise', group },
  { name: 'no-healthcheck', kind: 'bool', help: "Do not run the image's health check", group },
] as const satisfies readonly Flag[];
