/** `value` as JSON over several lines. JSON escapes the control characters of ASCII by itself; those beyond are left to us. */
export const indentedJson = (value: unknown, indent: number | string): string =>
  `${JSON.stringify(value, null, indent).replace(/[\u007f-\u009f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)}\n`;
