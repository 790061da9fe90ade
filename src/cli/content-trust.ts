import { fail } from '../core/errors.ts';

/** Throws for `--disable-content-trust=false`: a check that is not made must not seem to be. */
export const refuseContentTrust = ({ disableContentTrust }: { readonly disableContentTrust: boolean }): void => {
  if (disableContentTrust) return;
  fail({
    _tag: 'Usage',
    message: '--disable-content-trust=false: signatures of Docker Content Trust (Notary) cannot be checked',
    hint: 'name the image by digest, NAME@sha256:…, to be sure of its content',
  });
};
