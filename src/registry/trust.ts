/**
 * Whose certificates are believed. As in Docker and Go: the system's authorities, or those of SSL_CERT_FILE; besides them the `ca` of the settings and what
 * lies in Docker's certs.d directories (https://docs.docker.com/engine/security/certificates/), which may also hold our own certificate.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, rootCertificates } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { SkiffFailure, explainErrno, fail } from '../core/errors.ts';
import { readOptional } from '../system/read-optional.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where distributions keep them, in the order in which Go looks (crypto/x509/root_linux.go). */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

const systemRoots = (env: Environment): readonly string[] => {
  const files = env['SSL_CERT_FILE'] ? [env['SSL_CERT_FILE']] : systemBundles;
  const found = files.map(readOptional).find((text) => text !== '');
  return found === undefined ? rootCertificates : [found];
};

const damaged = (subject: string, host: string): never =>
  fail({ _tag: 'Corrupt', subject, reason: 'it holds no certificates in PEM form', hint: `it is used for ${host}; correct registries in config.yaml` });

const read = (path: string, host: string): string => {
  try {
    const text = readFileSync(path, 'utf8');
    // Node takes anything and trusts nothing of it then.
    return text.includes('-----BEGIN CERTIFICATE-----') ? text : damaged(path, host);
  } catch (caught) {
    if (caught instanceof SkiffFailure) throw caught;
    const reason = explainErrno((caught as NodeJS.ErrnoException).code ?? 'unknown');
    return fail({ _tag: 'System', operation: `read the certificates for ${host} in`, subject: path, reason, hint: 'correct registries in config.yaml' });
  }
};

const namesIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
};

interface DockerFiles {
  readonly authorities: readonly string[];
  readonly cert: readonly string[];
  readonly key: readonly string[];
}

/** The files for `host` (with its port) in Docker's directories, rootless first. A certificate counts with its key only. */
const dockerFiles = (env: Environment, host: string): DockerFiles => {
  const configuration = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
  const paths = [join(configuration, 'docker/certs.d', host), join('/etc/docker/certs.d', host)].flatMap((directory) => namesIn(directory).map((name) => join(directory, name)));
  const certs = paths.filter((path) => path.endsWith('.cert') && paths.includes(path.replace(/cert$/, 'key'))).slice(0, 1);
  return {
    authorities: paths.filter((path) => path.endsWith('.crt')).map(readOptional),
    cert: certs.map(readOptional),
    key: certs.map((path) => readOptional(path.replace(/cert$/, 'key'))),
  };
};

/** The TLS side of connections to `host` (with its port); `ca` is a PEM file. Throws a failure that names a file that cannot be used. */
export const secureContextFor = (env: Environment, host: string, ca: string | undefined): SecureContext => {
  const files = dockerFiles(env, host);
  const own = ca === undefined ? [] : [read(ca, host)];
  const client = files.cert.length === 0 ? {} : { cert: [...files.cert], key: [...files.key] };
  try {
    return createSecureContext({ ca: [...systemRoots(env), ...files.authorities, ...own], ...client });
  } catch {
    return damaged(ca ?? `a file in certs.d/${host}`, host);
  }
};
