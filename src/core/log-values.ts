/** Values of `--log-opt`, each in the form that Go's libraries take. All throw Usage naming the option. */
import { usage } from './invalid.ts';
import { parseSize } from './sizes.ts';

/** Go's ParseBool. */
const yes: readonly string[] = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const no: readonly string[] = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

export const isYes = (text: string): boolean => yes.includes(text);

const invalid = (option: string, text: string, hint?: string): never => usage(`invalid --log-opt ${option}=${text}`, hint);

export const checkBoolean = (text: string, option: string): void => {
  if (!yes.includes(text) && !no.includes(text)) invalid(option, text, 'write true or false');
};

const sizeForm = /^(\d+(?:\.\d+)?|\.\d+)\s?([kmgtp]?)b?$/i;

/** Docker takes the size of a log file in decimal units (go-units' FromHumanSize): `10m` is 10,000,000 bytes. 1 and up. */
export const logSize = (option: string, text: string): number => {
  const [, digits, unit = ''] = sizeForm.exec(text) ?? [];
  const bytes = digits === undefined ? 0 : Math.floor(Number(digits) * 1000 ** ' kmgtp'.indexOf(unit.toLowerCase() || ' '));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : invalid(option, text, 'write a size such as 500k, 10m or 1g');
};

/** And that of a buffer in binary ones (RAMInBytes): `4m` is 4,194,304 bytes. At most 1 GiB, for it is memory. */
export const bufferSize = (option: string, text: string): number => {
  const bytes = parseSize(text);
  return bytes !== undefined && bytes <= 2 ** 30 ? bytes : invalid(option, text, 'write a size such as 500k or 4m, 1g at most');
};

export const fileCount = (option: string, text: string): number => {
  const files = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return files >= 1 && files <= 1000 ? files : invalid(option, text, 'give a number of files from 1 to 1000');
};

/** A whole number in [least, most]. */
export const wholeNumber = (option: string, text: string, least: number, most: number): number => {
  const value = /^-?\d{1,10}$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most ? value : invalid(option, text, `give a whole number from ${least} to ${most}`);
};

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A Go duration such as `500ms` or `1m30s`, in milliseconds: 1 up to a day. */
export const milliseconds = (option: string, text: string): number => {
  const isForm = /^((\d+(\.\d*)?|\.\d+)(ms|s|m|h))+$/.test(text);
  const sum = isForm ? [...text.matchAll(/([\d.]+)([a-z]+)/g)].reduce((total, [, digits = '', unit = '']) => total + Number(digits) * (durationUnits[unit] ?? 0), 0) : 0;
  return sum >= 1 && sum <= 86_400_000 ? Math.round(sum) : invalid(option, text, 'write a time such as 500ms or 2s');
};

export const checkExpression = (text: string, option: string): void => {
  try {
    new RegExp(text);
  } catch {
    invalid(option, `${text}: it is not a regular expression`);
  }
};
