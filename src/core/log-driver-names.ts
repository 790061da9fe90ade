/** The names of log drivers. Imports nothing: option tables and codecs have them too, which must load in no time. */

/** Those that send a container's output to somebody else. */
export const remoteDrivers = ['fluentd', 'gelf', 'journald', 'syslog'] as const;
export type RemoteDriver = (typeof remoteDrivers)[number];

export const logDrivers = ['json-file', 'local', 'none', ...remoteDrivers] as const;
export type LogDriver = (typeof logDrivers)[number];
