/** A certificate authority of the test's own, and a server certificate by it; package openssl. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from '../e2e/skiff.ts';

/** Paths of PEM files. */
export interface Certificates {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const openssl = (...words: readonly string[]): void => void execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });

/** The name that only a test's proxy can find. */
export const testName = 'registry.test';

/** Makes an authority and a certificate for `registry.test`, localhost, 127.0.0.1 and further names, good for two days. */
export const makeCertificates = (...names: readonly string[]): Certificates => {
  const directory = scratch();
  const at = (name: string): string => join(directory, name);
  const elliptic = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...elliptic, '-days', '2', '-subj', '/CN=a test of Skiff', '-keyout', at('ca.key'), '-out', at('ca.pem'), '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign');
  openssl('req', ...elliptic, '-subj', `/CN=${testName}`, '-keyout', at('server.key'), '-out', at('server.csr'));
  writeFileSync(at('extensions'), `subjectAltName=${[testName, 'localhost', ...names].map((name) => `DNS:${name}`).join(',')},IP:127.0.0.1\nextendedKeyUsage=serverAuth\n`);
  openssl('x509', '-req', '-days', '2', '-in', at('server.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('extensions'), '-out', at('server.pem'));
  return { authority: at('ca.pem'), certificate: at('server.pem'), key: at('server.key') };
};
