/** The drivers that are part of Skiff, for listings; plugins come to these. */
export const volumeDriverNames: readonly string[] = ['local', 'fuse'];
