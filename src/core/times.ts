/** Spans of time and dates as Docker words them; go-units' duration.go. */

/** `seconds` (0 and up) in Docker's words: `Less than a second`, `About an hour`, `3 weeks`. */
export const humanDuration = (seconds: number): string => {
  const whole = Math.floor(seconds);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(seconds / 3600);
  if (whole < 1) return 'Less than a second';
  if (whole === 1) return '1 second';
  if (whole < 60) return `${whole} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(seconds / 3600 / 24 / 365)} years`;
};

/** How long ago `then` was at `now` (both in milliseconds since 1970): `2 hours ago`; a time to come counts as now. */
export const timeAgo = (then: number, now: number): string => `${humanDuration(Math.max(0, now - then) / 1000)} ago`;

/** `milliseconds` since 1970 as Docker's CreatedAt column has it: `2026-11-20 19:00:00 +0000 UTC`. */
export const dateColumn = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
