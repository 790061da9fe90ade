/** Everything that can go wrong in this package, as one closed union, and how it reads. */

export type SlirpError =
  /** An option that slirp4netns would misread or refuse. */
  | { readonly _tag: 'InvalidOption'; readonly option: string; readonly value: string; readonly reason: string }
  /** The installed version does not have what an option asks for. */
  | { readonly _tag: 'Unsupported'; readonly option: string; readonly version: string; readonly since: string }
  | { readonly _tag: 'NotInstalled'; readonly program: string }
  /** The program ran and did not do it; `reason` is in its own words. */
  | { readonly _tag: 'Failed'; readonly program: string; readonly reason: string }
  | { readonly _tag: 'TimedOut'; readonly operation: string; readonly milliseconds: number }
  /** The API socket could not be used or its answer does not decode. */
  | { readonly _tag: 'Api'; readonly command: string; readonly reason: string };

/** The error as one line without a newline; the program's own words are stripped of control characters. */
export const explain = (error: SlirpError): string => printable(sentence(error));

const sentence = (error: SlirpError): string => {
  switch (error._tag) {
    case 'InvalidOption':
      return `${error.option} ${error.value}: ${error.reason}`;
    case 'Unsupported':
      return `${error.option} needs slirp4netns ${error.since}; this is ${error.version}`;
    case 'NotInstalled':
      return `${error.program} is not installed`;
    case 'Failed':
      return `${error.program}: ${error.reason}`;
    case 'TimedOut':
      return `${error.operation} took longer than ${error.milliseconds} ms`;
    case 'Api':
      return `slirp4netns API, ${error.command}: ${error.reason}`;
  }
};

const printable = (text: string): string =>
  text.trim().replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
