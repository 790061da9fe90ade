/** Sizes of data: as Docker prints them (decimal units) and as its flags take them (binary units); go-units' size.go. */

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const;
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** Go's `%.Ng`: `precision` significant digits, no trailing zeros. */
const significant = (value: number, precision: number): string => {
  if (value >= 10 ** precision) return value.toExponential(precision - 1).replace(/e\+(\d)$/, 'e+0$1');
  return String(Number(value.toPrecision(precision)));
};

const scale = (bytes: number, base: number, units: readonly string[], precision: number): string => {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  return `${significant(value, precision)}${units[unit] ?? ''}`;
};

/** `bytes` (0 and up) as in `docker images`: three digits and a decimal unit, `4.27MB`. */
export const humanSize = (bytes: number): string => scale(bytes, 1000, decimalUnits, 3);

/** `bytes` (0 and up) as in `docker stats`: four digits and a binary unit, `1.944GiB`. */
export const binarySize = (bytes: number): string => scale(bytes, 1024, binaryUnits, 4);

const sizeForm = /^(\d+(?:\.\d+)?|\.\d+)\s?([kmgtp]?)(?:i?b)?$/i;

/**
 * A size as Docker's flags take it, `64m`, `1.5g`, `100kb`, `4096`: bytes, binary units, any case.
 * @returns whole bytes, or undefined if `text` is no size or beyond 2^53.
 */
export const parseSize = (text: string): number | undefined => {
  const [, digits, unit] = sizeForm.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const power = unit === '' ? 0 : 'kmgtp'.indexOf(unit.toLowerCase()) + 1;
  const bytes = Math.floor(Number(digits) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
};
