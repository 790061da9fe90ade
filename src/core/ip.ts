/** Textual IP addresses, without loading node:net on the way to every container. */

const octet = /^(0|[1-9]\d{0,2})$/;

/** Whether `text` is a dotted quad, each part 0-255 without leading zeros. */
export const isIPv4 = (text: string): boolean => {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => octet.test(part) && Number(part) <= 255);
};

/** Whether `text` is an IPv6 address (RFC 4291 section 2.2), without brackets or a zone. */
export const isIPv6 = (text: string): boolean => {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const embedded = last.includes('.');
  if (embedded && (!isIPv4(last) || text.endsWith('::'))) return false;
  const hex = embedded ? groups.slice(0, -1) : groups;
  const size = hex.length + (embedded ? 2 : 0);
  return hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) && (halves.length === 2 ? size <= 7 : size === 8);
};

/** Whether `text` is an IPv4 or IPv6 address. */
export const isIP = (text: string): boolean => isIPv4(text) || isIPv6(text);

/** The dotted quad `offset` above the network address of `cidr`; undefined unless `cidr` is IPv4 with a prefix of 8 to 24. */
export const addressInCidr = (cidr: string, offset: number): string | undefined => {
  const [address = '', prefixText = '', ...rest] = cidr.split('/');
  const prefix = Number(prefixText);
  if (rest.length > 0 || !isIPv4(address) || !/^\d{1,2}$/.test(prefixText) || prefix < 8 || prefix > 24) return undefined;
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - prefix);
  const target = number - (number % size) + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(target / 2 ** shift) % 256).join('.');
};
