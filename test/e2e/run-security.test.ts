/**
 * `skiff run`: capabilities, privileges, filters, users.
 * @time-limit 600
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, execute, importBusybox, importDebian, inBusybox, output, scratch, skiff, withContainer } from './skiff.ts';

test.before(() => importBusybox());

/** The capability set `name` of a container's first process, as a number. */
const capabilities = (flags: readonly string[], name = 'CapEff'): bigint => BigInt(`0x${inBusybox(flags, `sed -n "s/^${name}:.//p" /proc/self/status`).trim()}`);

const chown = 1n << 0n;
const netRaw = 1n << 13n;
const sysAdmin = 1n << 21n;
/** moby daemon/pkg/oci/caps/defaults.go */
const dockerDefault = 0xa80425fbn;

test('--cap-add and --cap-drop change Docker\'s set', () => {
  assert.is(capabilities([]), dockerDefault);
  assert.is(capabilities(['--cap-drop', 'ALL']), 0n);
  assert.is(capabilities(['--cap-drop', 'ALL', '--cap-add', 'CHOWN', '--cap-add', 'cap_net_raw']), chown | netRaw);
  assert.is(capabilities(['--cap-add', 'SYS_ADMIN']), dockerDefault | sysAdmin);
  assert.is(capabilities(['--cap-drop', 'chown'], 'CapBnd'), dockerDefault & ~chown);
  assert.is(capabilities(['--cap-add', 'ALL', '--cap-drop', 'SYS_ADMIN']) & sysAdmin, 0n);
});

test('a dropped capability is missed, a kept one works', () => {
  assert.is(inBusybox([], 'touch /f && chown 33 /f && stat -c %u /f'), '33\n');
  assert.is(inBusybox(['--cap-drop', 'CHOWN'], 'touch /f; chown 33 /f 2>/dev/null || echo refused'), 'refused\n');
});

test('--privileged has everything, and is still no more than its caller', () => {
  const last = BigInt(execute(['cat', '/proc/sys/kernel/cap_last_cap']).stdout.trim());
  assert.is(capabilities(['--privileged']), (1n << (last + 1n)) - 1n);
  const script = `grep Seccomp: /proc/self/status
    mount -t tmpfs none /mnt 2>/dev/null || mkdir -p /mnt && mount -t tmpfs none /mnt && echo mounted
    (echo x >/host/etc/passwd) 2>/dev/null || echo "root's file kept"
    (echo 1 >/proc/sys/kernel/panic) 2>/dev/null || echo "kernel setting kept"
    mknod /tmp/disk b 8 0 2>/dev/null || echo "no device made"
    nsenter -t 1 -m true && echo own`;
  assert.is(inBusybox(['--privileged', '-v', '/:/host'], script), "Seccomp:\t0\nmounted\nroot's file kept\nkernel setting kept\nno device made\nown\n");
});

test('--privileged joins none of the host\'s namespaces, even where it sees the host\'s processes', () => {
  const script = 'for kind in mnt net ipc uts user; do nsenter --$kind=/proc/1/ns/$kind true 2>/dev/null && echo "entered $kind"; done; echo done';
  assert.is(inBusybox(['--privileged', '--pid', 'host'], script.replace(/--\$kind/g, '-t 1 --$kind')), 'done\n');
});

test('no-new-privileges stops set-user-id programs, which work without it', () => {
  importDebian();
  const script = 'cp /usr/bin/id /tmp/id && chmod 4755 /tmp/id && exec setpriv --reuid 1000 --clear-groups /tmp/id -u';
  const effective = (...flags: readonly string[]): string => output([...bare, ...flags, 'debian', 'sh', '-c', script]);
  assert.is(effective(), '0\n');
  assert.is(effective('--security-opt', 'no-new-privileges'), '1000\n');
  assert.is(effective('--security-opt', 'no-new-privileges=true'), '1000\n');
  assert.is(effective('--security-opt', 'no-new-privileges=false'), '0\n');
});

test('seccomp: Docker\'s profile, none, or one of the user\'s own', () => {
  const script = 'grep Seccomp: /proc/self/status; unshare -U true 2>/dev/null && echo made || echo refused';
  assert.is(inBusybox([], script), 'Seccomp:\t2\nrefused\n');
  assert.is(inBusybox(['--security-opt', 'seccomp=unconfined'], script), 'Seccomp:\t0\nmade\n');
  const profile = join(scratch(), 'profile.json');
  writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 36 }] }));
  const own = skiff([...bare, '--security-opt', `seccomp=${profile}`, 'busybox', 'mkdir', '/new']);
  assert.equal({ status: own.status, stderr: own.stderr }, { status: 1, stderr: "mkdir: can't create directory '/new': File name too long\n" });
  const damaged = join(scratch(), 'damaged.json');
  writeFileSync(damaged, '{"defaultAction": 7}');
  for (const path of [damaged, '/does/not/exist']) {
    const refused = skiff([...bare, '--security-opt', `seccomp=${path}`, 'busybox', 'true']);
    assert.is(refused.status, 125);
    assert.match(refused.stderr, new RegExp(`^skiff: [^\n]*${path}[^\n]*\n$`));
  }
});

test('masked and read-only paths, and how they are opened', () => {
  const script = 'wc -c </proc/interrupts; ls /sys/firmware | wc -l; (echo 1 >/proc/sys/kernel/msgmax) 2>/dev/null && echo written || echo refused';
  assert.is(inBusybox([], script), '0\n0\nrefused\n');
  assert.match(inBusybox(['--security-opt', 'systempaths=unconfined'], script), /written\n$/);
  assert.match(inBusybox(['--security-opt', 'unmask=ALL'], script), /written\n$/);
  assert.match(inBusybox(['--security-opt', 'unmask=/proc/sys'], script), /^0\n0\nwritten\n$/);
  assert.is(inBusybox(['--security-opt', 'mask=/var:/etc/passwd'], 'ls /var | wc -l; wc -c </etc/passwd'), '0\n0\n');
});

/** As `inBusybox` on the driver that can show an image's files under other ids. */
const keepId = (flags: readonly string[], script: string): string =>
  output(['--storage-driver', 'fuse-overlayfs', ...bare, ...flags, 'busybox', 'sh', '-c', script]);

test('--userns keep-id shows the caller under the caller\'s own ids', () => {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  const directory = scratch();
  mkdirSync(join(directory, 'd'));
  const script = 'id -u; id -g; touch /data/d/file; stat -c %u:%g /data/d/file; stat -c %u:%g /bin/busybox /tmp; touch /tmp/mine; stat -c %u:%g /tmp/mine';
  assert.is(keepId(['--userns', 'keep-id', '-v', `${directory}:/data`], script), `${uid}\n${gid}\n${uid}:${gid}\n0:0\n0:0\n${uid}:${gid}\n`);
  assert.is(statSync(join(directory, 'd/file')).uid, uid);
  assert.is(keepId(['--userns', 'keep-id:uid=33,gid=4', '-v', `${directory}:/data`], 'id -u; id -g; touch /data/d/other; stat -c %u:%g /data/d/other'), '33\n4\n33:4\n');
  assert.is(statSync(join(directory, 'd/other')).uid, uid);
});

test('--userns keep-id and -u 0: root of the container is a subordinate id', () => {
  const directory = scratch();
  assert.is(keepId(['--userns', 'keep-id', '-u', '0', '-v', `${directory}:/data`], 'id -u; touch /new && stat -c %u /new; stat -c %u /data'), `0\n0\n${process.getuid?.()}\n`);
});

test('--userns keep-id maps one id each and leaves none out', () => {
  const [uid, gid] = [Number(process.getuid?.()), Number(process.getgid?.())];
  const map = keepId(['--userns', 'keep-id'], 'cat /proc/self/uid_map').trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  assert.equal(map.find(([inside]) => inside === uid), [uid, uid, 1]);
  assert.is(keepId(['--userns', 'keep-id', '-u', `${uid + 1}:${gid + 1}`], 'id -u'), `${uid + 1}\n`);
});

test('the kernel\'s overlay cannot show other ids, and says so', () => {
  const refused = skiff(['--storage-driver', 'overlay', ...bare, '--userns', 'keep-id', 'busybox', 'true']);
  assert.is(refused.status, 125);
  assert.match(refused.stderr, /^skiff: the storage driver overlay cannot show an image under other ids, .*; use --storage-driver fuse-overlayfs\n$/);
});

test('exec takes a container\'s user and confinement on', () => {
  withContainer(['-u', 'www', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'], ['busybox', 'sleep', '60'], (id) => {
    const script = 'id -u; grep -E "^(CapBnd|NoNewPrivs|Seccomp):" /proc/self/status';
    assert.is(output(['exec', id, 'sh', '-c', script]), '33\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n');
  });
});

test.run();
