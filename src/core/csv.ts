/** Values of flags that are one CSV record. Pure. */

/** The fields of one CSV record (RFC 4180): a field in double quotes may contain commas, and `""` for a quote. Undefined where a quotation mark is out of place. */
export const splitRecord = (text: string): readonly string[] | undefined => {
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const field = /^(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/.exec(rest);
    if (field === null) return undefined;
    const [whole, quoted, plain] = field;
    fields.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (whole.length === rest.length) return fields;
    rest = rest.slice(whole.length + 1);
  }
};
