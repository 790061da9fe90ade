import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { binarySize, humanSize, parseSize } from '../../src/core/sizes.ts';
import { dateColumn, humanDuration, timeAgo } from '../../src/core/times.ts';
import { splitWords } from '../../src/images/words.ts';
import { applyChanges } from '../../src/images/changes.ts';
import { formatPlatform, parsePlatform, platformFit, platformWarning } from '../../src/images/platform.ts';

test('sizes as docker images prints them', () => {
  const table: readonly (readonly [number, string])[] = [[0, '0B'], [999, '999B'], [1000, '1kB'], [4_266_000, '4.27MB'], [180_000_000, '180MB'], [1_234_567_890, '1.23GB'], [43008, '43kB']];
  for (const [bytes, words] of table) assert.is(humanSize(bytes), words);
  assert.is(binarySize(1_944 * 1024 ** 2), '1.898GiB');
  assert.is(binarySize(512), '512B');
});

test('sizes as flags take them', () => {
  const table: readonly (readonly [string, number | undefined])[] = [['64m', 67108864], ['1g', 2 ** 30], ['1.5k', 1536], ['100', 100], ['10kb', 10240], ['2MiB', 2097152], ['1T', 2 ** 40], ['', undefined],
    ['m', undefined], ['-1', undefined], ['1e9', undefined], ['9999999p', undefined], ['64 m', 67108864], ['0x10', undefined], ['1mm', undefined]];
  for (const [text, bytes] of table) assert.is(parseSize(text), bytes, text);
});

test('spans of time in Docker\'s words', () => {
  const table: readonly (readonly [number, string])[] = [[0.5, 'Less than a second'], [1, '1 second'], [59, '59 seconds'], [60, 'About a minute'], [3540, '59 minutes'], [3600, 'About an hour'],
    [7200, '2 hours'], [47 * 3600, '47 hours'], [48 * 3600, '2 days'], [13 * 86400, '13 days'], [14 * 86400, '2 weeks'], [59 * 86400, '8 weeks'], [60 * 86400, '2 months'], [729 * 86400, '24 months'], [730 * 86400, '2 years']];
  for (const [seconds, words] of table) assert.is(humanDuration(seconds), words, String(seconds));
  assert.is(timeAgo(0, 7_200_000), '2 hours ago');
  assert.is(timeAgo(5000, 0), 'Less than a second ago');
  assert.is(dateColumn(0), '1970-01-01 00:00:00 +0000 UTC');
});

test('words of an instruction', () => {
  const variables = new Map([['A', 'x y'], ['B', '2']]);
  const table: readonly (readonly [string, readonly string[] | undefined])[] = [['a b', ['a', 'b']], ['a="b c" d', ['a=b c', 'd']], ["'$A'", ['$A']], ['"$A"', ['x y']], ['${B}x', ['2x']], ['a\\ b', ['a b']],
    ['\\$A', ['$A']], ['"', undefined], ["'", undefined], ['$NO', ['']], ['$', ['$']], ['""', ['']], ['"\\q"', ['\\q']]];
  for (const [text, words] of table) assert.equal(splitWords(text, variables), words, text);
});

const changes = (...lines: readonly string[]): unknown => applyChanges({}, lines);

test('every instruction changes what it should', () => {
  assert.equal(changes('CMD ["a","b"]'), { Cmd: ['a', 'b'] });
  assert.equal(changes('cmd echo hi'), { Cmd: ['/bin/sh', '-c', 'echo hi'] });
  assert.equal(changes('ENTRYPOINT ["/x"]'), { Entrypoint: ['/x'] });
  assert.equal(changes('ENV A=1 B="2 3"', 'ENV C d e', 'ENV A=$A:4'), { Env: ['A=1:4', 'B=2 3', 'C=d e'] });
  assert.equal(changes('EXPOSE 80 53/udp', 'EXPOSE 8000-8001'), { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {} } });
  assert.equal(changes('LABEL a=b "c d"=e'), { Labels: { a: 'b', 'c d': 'e' } });
  assert.equal(changes('USER 1:2', 'STOPSIGNAL SIGINT'), { User: '1:2', StopSignal: 'SIGINT' });
  assert.equal(changes('VOLUME ["/a"]', 'VOLUME /b /c'), { Volumes: { '/a': {}, '/b': {}, '/c': {} } });
  assert.equal(changes('WORKDIR /a', 'WORKDIR b'), { WorkingDir: '/a/b' });
  assert.equal(changes('ONBUILD RUN x'), { OnBuild: ['RUN x'] });
  assert.equal(changes('HEALTHCHECK --interval=1m30s --retries=3 CMD curl x'), { Healthcheck: { Test: ['CMD-SHELL', 'curl x'], Interval: 90e9, Retries: 3 } });
  assert.equal(changes('HEALTHCHECK --start-period=1s --start-interval=100ms --timeout=0 CMD ["/x", "y"]'), { Healthcheck: { Test: ['CMD', '/x', 'y'], Timeout: 0, StartPeriod: 1e9, StartInterval: 1e8 } });
  assert.equal(changes('HEALTHCHECK NONE'), { Healthcheck: { Test: ['NONE'] } });
});

test('an instruction that cannot be applied is quoted in one line', () => {
  for (const line of ['RUN x', 'CMD', 'ENV', 'ENV A', 'EXPOSE 0', 'EXPOSE 80/http', 'EXPOSE 9-8', 'USER a b', 'LABEL ="x"', 'LABEL a="x', 'constructor x', '', 'HEALTHCHECK curl', 'HEALTHCHECK --interval=soon CMD x', 'HEALTHCHECK --foo=1 CMD x', 'HEALTHCHECK --timeout=-1s CMD x', 'HEALTHCHECK --interval=10us CMD x']) {
    const result = applyChanges({}, [line]);
    assert.ok('_tag' in result && result._tag === 'Usage' && result.message.includes(`'${line}'`), line);
  }
});

test('platforms', () => {
  const parse = (text: string): string => {
    const platform = parsePlatform(text);
    return '_tag' in platform ? platform._tag : formatPlatform(platform);
  };
  assert.is(parse('linux/amd64'), 'linux/amd64');
  assert.is(parse('linux/x86_64'), 'linux/amd64');
  assert.is(parse('Linux/ARM64/v8'), 'linux/arm64/v8');
  assert.is(parse('arm64'), 'linux/arm64');
  for (const text of ['', '/', 'a/b/c/d', 'linux/', 'linux/amd 64', 'linux/\u001b']) assert.is(parse(text), 'Usage', text);
  const arm = (variant?: string) => ({ os: 'linux', architecture: 'arm', ...(variant === undefined ? {} : { variant }) });
  assert.ok(platformFit(arm('v7'), arm('v7')) > platformFit(arm('v7'), arm('v6')));
  assert.ok(platformFit(arm('v7'), arm('v6')) > 0, 'a lower variant runs');
  assert.is(platformFit(arm('v6'), arm('v7')), 0);
  assert.is(platformFit({ os: 'linux', architecture: 'amd64' }, arm()), 0);
  assert.ok(platformFit({ os: 'linux', architecture: 'arm64' }, { os: 'linux', architecture: 'arm64', variant: 'v8' }) > 0);
  assert.match(platformWarning({ os: 'linux', architecture: 's390x' }) ?? '', /s390x/);
});

test.run();
