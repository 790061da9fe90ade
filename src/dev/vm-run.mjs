/**
 * `node src/dev/vm-run.mjs SCENARIO DISK`: boots the virtual machine for the tests of one scenario (see vm-tests.mjs), as often as they ask for,
 * shows what they say, and reports the sum of their counts in SKIFF_TEST_REPORT as a single test file does. A job of src/dev/test.mjs.
 * To run them by hand: `npm run test:vm`, or `npm test -- vm/SCENARIO`. The machine runs under software emulation, so that it
 * works where there is no KVM: it boots in about 18 s. With SKIFF_VM_KEEP=DIR its disk and its serial lines stay in DIR.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quietly, root, say, script, Stop } from './steps.mjs';
import { merge, readResults } from './vm-results.mjs';
import { findScenarios } from './vm-tests.mjs';

/** @typedef {import('./vm-tests.mjs').Scenario} Scenario */

/** A tar with the program, the bundled tests, their list, and the busybox image. @param {Scenario} scenario @param {string} scratch */
const makePayload = ({ tests }, scratch) => {
  const tree = join(scratch, 'payload');
  mkdirSync(join(tree, 'dist'), { recursive: true });
  mkdirSync(join(tree, 'tests.d'));
  mkdirSync(join(tree, 'images'));
  copyFileSync(join(root, 'dist/skiff'), join(tree, 'dist/skiff'));
  for (const name of ['busybox', 'busybox.tar']) cpSync(join(process.env['SKIFF_TEST_IMAGES'] ?? '', name), join(tree, 'images', name), { recursive: true, verbatimSymlinks: true });
  for (const { name, bundle } of tests) {
    // The program under test is also the runtime of the tests: it is Bun while BUN_BE_BUN is set, which its children must not be.
    writeFileSync(join(tree, 'tests.d', `${name}.cjs`), `delete process.env.BUN_BE_BUN;${readFileSync(join(root, bundle), 'utf8')}`);
  }
  writeFileSync(join(tree, 'tests'), tests.map(({ boot, kind, name, seconds, end }) => `${boot} ${kind} ${name} ${seconds} ${end}\n`).join(''));
  const tar = join(scratch, 'payload.tar');
  quietly('pack what the machine needs', ['tar', '-C', tree, '--owner=0', '--group=0', '-cf', tar, '.']);
  rmSync(tree, { recursive: true });
  return tar;
};

/** @param {string} machine @param {string} disk @param {string} payload @param {number} boot @param {string} scratch */
const bootOnce = (machine, disk, payload, boot, scratch) => {
  const results = join(scratch, `results-${boot}`);
  const command = [
    'qemu-system-x86_64', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '2048', '-smp', '2', '-display', 'none', '-no-reboot',
    '-serial', `file:${join(scratch, `console-${boot}`)}`, '-serial', `file:${results}`,
    '-kernel', join(machine, 'vmlinuz'), '-initrd', join(machine, 'initrd'),
    '-append', `console=ttyS0 root=/dev/vda rw quiet systemd.show_status=false panic=-1 skiff.boot=${boot}`,
    '-drive', `file=${disk},format=qcow2,if=virtio,cache=unsafe`, '-drive', `file=${payload},format=raw,if=virtio,readonly=on`, '-nic', 'user,model=virtio',
  ];
  const [program = '', ...words] = command;
  const done = spawnSync(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) throw new Stop(`the virtual machine ended with ${done.status ?? done.signal ?? done.error?.message}`);
  return existsSync(results) ? readFileSync(results, 'utf8') : '';
};

script(async () => {
  const [name = '', machine = ''] = process.argv.slice(2);
  const scenario = findScenarios().find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Stop(`there is no test/vm/${name}`);
  const keep = process.env['SKIFF_VM_KEEP'];
  if (keep !== undefined) mkdirSync(keep, { recursive: true });
  const scratch = keep ?? mkdtempSync(join(tmpdir(), 'vm-'));
  const disk = join(scratch, 'disk.qcow2');
  quietly('make a disk for the machine', ['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', join(machine, 'disk.img'), '-F', 'raw', disk]);
  const payload = makePayload(scenario, scratch);
  const reports = [];
  for (const boot of [...new Set(scenario.tests.map((test) => test.boot))]) {
    const lines = bootOnce(machine, disk, payload, boot, scratch);
    say(lines.replace(/^VM-(REPORT|DONE).*\n/gm, '').trimEnd());
    reports.push(readResults(lines, scenario.tests.filter((test) => test.boot === boot)));
  }
  const sum = merge(reports);
  const report = process.env['SKIFF_TEST_REPORT'];
  if (report !== undefined) writeFileSync(report, JSON.stringify(sum));
  for (const line of sum.problems) say(line);
  process.exitCode = sum.failed > 0 || sum.problems.length > 0 ? 1 : 0;
});
