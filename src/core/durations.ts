/** Spans of time as Go writes and reads them (package time), in nanoseconds. Pure. */

const units: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const form = /^[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/** The longest span of Go's 64 bits, 292 years. */
const longest = 2 ** 63;

/** `1m30s`, `500ms`, `-1.5h` or `0` in whole nanoseconds, as Go's ParseDuration; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => {
  if (/^[-+]?0$/.test(text)) return 0;
  if (!form.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g);
  const sum = Math.trunc([...parts].reduce((total, [, amount, unit = '']) => total + Number(amount) * (units[unit] ?? 0), 0));
  if (sum >= longest) return undefined;
  return text.startsWith('-') && sum !== 0 ? -sum : sum;
};

/** Nanoseconds as Go's Duration prints them: `1m30s`, `1.5s`, `100ms`, `0s`. */
export const durationText = (nanoseconds: number): string => {
  const rest = Math.abs(nanoseconds);
  const sign = nanoseconds < 0 ? '-' : '';
  if (rest === 0) return '0s';
  if (rest < 1e3) return `${sign}${rest}ns`;
  if (rest < 1e6) return `${sign}${rest / 1e3}µs`;
  if (rest < 1e9) return `${sign}${rest / 1e6}ms`;
  const hours = Math.floor(rest / 3600e9);
  const minutes = Math.floor((rest % 3600e9) / 60e9);
  return `${sign}${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${(rest % 60e9) / 1e9}s`;
};

/** A span that JSON shows as a number of nanoseconds and a template as text, as Go does with its Duration. */
export class GoDuration extends Number {
  override toString(): string {
    return durationText(this.valueOf());
  }
}
