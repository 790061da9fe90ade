/** The way out of all networks, one slirp4netns: addresses that no network may have. */
export const egress = {
  /** For measurements of devices (RFC 2544): on nobody's network. */
  cidr: '198.19.255.0/24',
  gateway: '198.19.255.2',
  dns: '198.19.255.3',
  /** slirp4netns has no other. */
  cidr6: 'fd00::/64',
  dns6: 'fd00::3',
  ranges: ['198.19.255.0/24', 'fd00::/64'],
} as const;
