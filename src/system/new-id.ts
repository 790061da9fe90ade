/** A new id, 64 hex digits from the system's random source. */
export const newId = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex');
