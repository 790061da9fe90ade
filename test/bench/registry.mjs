/** A registry with two images for the benchmark of `pull`: one large layer, and the same files in ten layers. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** @param {Buffer | string} bytes */
const digestOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** @returns {Promise<number>} a port that nobody listens on */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** @param {number} port @returns {Promise<boolean>} */
const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

/** @param {string} program @param {readonly string[]} words */
const run = (program, ...words) => {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status !== 0) throw new Error(`${program} ${words.slice(0, 4).join(' ')}: ${error?.message ?? stderr.trim()}`);
  return stdout;
};

/** The tar at `path`, packed with gzip, as the only layer. @param {string} path @param {string} directory */
const oneLayer = (path, directory) => {
  const file = join(directory, 'layer.tar.gz');
  run('sh', '-c', 'gzip -6 -c "$1" > "$2"', 'gzip', path, file);
  return [file];
};

/** The regular files of the tar at `path`, dealt out to `count` layers. @param {string} path @param {string} directory @param {number} count */
const manyLayers = (path, directory, count) => {
  const tree = join(directory, 'tree');
  mkdirSync(tree);
  run('tar', '-x', '-f', path, '-C', tree, '--exclude=./dev/*', '--no-same-owner');
  const names = run('find', tree, '-type', 'f', '-readable', '-printf', '%P\n').split('\n').filter((name) => name !== '').sort();
  return Array.from({ length: count }, (_, at) => {
    const list = join(directory, `list-${at}`);
    const file = join(directory, `layer-${at}.tar.gz`);
    writeFileSync(list, names.filter((_, position) => position % count === at).join('\n'));
    run('tar', '-c', '-z', '-f', file, '-C', tree, '--owner=0', '--group=0', '--numeric-owner', '-T', list);
    return file;
  });
};

/** An OCI layout of one image with these layers. @param {string} directory @param {readonly string[]} files */
const writeLayout = (directory, files) => {
  const blobs = join(directory, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  /** @param {Buffer | string} bytes @param {string} mediaType */
  const add = (bytes, mediaType) => {
    const hex = digestOf(bytes);
    writeFileSync(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(bytes) };
  };
  const contents = files.map((file) => readFileSync(file));
  const layers = contents.map((bytes) => add(bytes, 'application/vnd.oci.image.layer.v1.tar+gzip'));
  const diffIds = contents.map((bytes) => `sha256:${digestOf(gunzipSync(bytes))}`);
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const config = add(JSON.stringify({ architecture, os: 'linux', config: { Cmd: ['true'] }, rootfs: { type: 'layers', diff_ids: diffIds } }), 'application/vnd.oci.image.config.v1+json');
  const manifest = add(JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers }), 'application/vnd.oci.image.manifest.v1+json');
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
};

/** @param {string} directory @param {number} port */
const startRegistry = async (directory, port) => {
  const config = join(directory, 'registry.yml');
  writeFileSync(config, JSON.stringify({ version: '0.1', log: { level: 'error' }, storage: { filesystem: { rootdirectory: join(directory, 'registry') } }, http: { addr: `127.0.0.1:${port}` } }));
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore', cwd: directory });
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 200) throw new Error('docker-registry does not answer');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return child;
};

/**
 * Runs `body` with the host and port of a registry that has `large:latest` (one layer) and `layers:latest` (ten), made of the tar at `image`.
 * @param {string} directory work space @param {string} image @param {(domain: string) => Promise<void>} body
 */
export const withRegistry = async (directory, image, body) => {
  const port = await freePort();
  mkdirSync(directory, { recursive: true });
  const child = await startRegistry(directory, port);
  try {
    for (const [name, count] of /** @type {const} */ ([['large', 1], ['layers', 10]])) {
      const layout = join(directory, name);
      mkdirSync(layout);
      writeLayout(layout, count === 1 ? oneLayer(image, layout) : manyLayers(image, layout, count));
      run('skopeo', 'copy', '--quiet', '--dest-tls-verify=false', `oci:${layout}`, `docker://127.0.0.1:${port}/${name}:latest`);
    }
    await body(`127.0.0.1:${port}`);
  } finally {
    child.kill();
  }
};
