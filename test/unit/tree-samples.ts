/** One small layer, a file `hello`, in the compressions that Node 20 cannot write (made with zstd -19, bzip2 -9, xz -9). */

export const zstd = Buffer.from(
  'KLUv/WQAJ5UCACLEDRGwOzgpHOTpsmJSi8iJGz88KQnCczytiZ3jb8yRHmX+Sr2bTar+eQ5mrqYQhWQRu5tjkE3v5hUJIFC3Dugu/KND8e95a8' +
  'GWgsKgALaTggPOnGQU',
  'base64',
);

export const bzip2 = Buffer.from(
  'QlpoOTFBWSZTWRbIYOMAAHXfgMqQQAFNgABAAAhvRt4gBAggAHUNU2kfqmgaNA00Y1BJSGT1MgAAB9vU06EDPQhEZMWSqggQ4c4rjzRxlbo+DJ' +
  'Lh1gR+cNdyS1bRhT5JUnJYHxl4cOQwXTjE1q9qosMUkH4u5IpwoSAtkMHG',
  'base64',
);

export const xz = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Cf/AHNdADQZSe6N1/i4P8k3Mt7I1YAxJFyph+NNhoTukONOGmXLf7KXQUXQUABoaNnXpMdLvbkXsG' +
  'sNRrcrMutccc7ivksrZi/meujmI2g7ez+X3wJUe5gyA5QBiGQmIzrfTcBaxZbwK22GUPh/WMdl8v9Tlrn8jgAAAKLP9Yn4lPDrAAGPAYBQAADr' +
  'wzaQscRn+wIAAAAABFla',
  'base64',
);
