/**
 * `skiff info`, `system info` and `version`: the members that scripts ask Docker for.
 */
import { cpus, hostname, release } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importBusybox, output, removeAll, root, skiff } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const member = (template: string): string => output(['info', '--format', template]).trimEnd();

test('what is, counted as Docker counts it', () => {
  output(['run', '-d', '--name', 'runs', '--network', 'none', 'busybox', 'sleep', '600']);
  output(['run', '-d', '--name', 'waits', '--network', 'none', 'busybox', 'sleep', '600']);
  output(['create', '--network', 'none', 'busybox', 'true']);
  output(['pause', 'waits']);
  assert.is(member('{{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}} {{.ContainersStopped}} {{.Images}}'), '3 1 1 1 1');
  assert.match(output(['system', 'info']), /\nServer:\n Containers: 3\n {2}Running: 1\n {2}Paused: 1\n {2}Stopped: 1\n Images: 1\n/);
  output(['unpause', 'waits']);
});

test('the machine and what was chosen', () => {
  assert.is(member('{{.Name}} {{.KernelVersion}} {{.NCPU}} {{.OSType}} {{.DockerRootDir}}'), `${hostname()} ${release()} ${cpus().length} linux ${root}`);
  assert.match(member('{{.Driver}} {{range .DriverStatus}}{{index . 0}}={{index . 1}} {{end}}'), /^(overlay|fuse-overlayfs) Backing Filesystem=\S+ /);
  assert.is(member('{{.LoggingDriver}} {{.DefaultRuntime}} {{.Swarm.LocalNodeState}} {{.ServerVersion}}'), `json-file skiff inactive ${output(['version', '--format', '{{.Server.Version}}']).trim()}`);
  assert.match(member('{{.SecurityOptions}}'), /name=seccomp,profile=builtin.*name=rootless/);
  assert.match(member('{{.Plugins.Network}} {{.Plugins.Volume}}'), /^\[bridge host ipvlan macvlan null\] \[local/);
  assert.match(member('{{.ID}}'), /^[0-9a-f-]{36}$/);
  assert.is(member('{{.ID}}'), member('{{.ID}}'));
  const all = JSON.parse(output(['info', '--format', 'json'])) as Record<string, unknown>;
  for (const name of ['Architecture', 'CgroupDriver', 'CgroupVersion', 'ClientInfo', 'DefaultAddressPools', 'HttpProxy', 'IndexServerAddress', 'Labels', 'LiveRestoreEnabled', 'MemTotal', 'MemoryLimit', 'OperatingSystem', 'PidsLimit', 'RegistryConfig', 'Runtimes', 'SystemTime', 'Warnings']) assert.ok(name in all, name);
});

test('version: both of Docker\'s sections, as lines and as members', () => {
  const text = output(['version']);
  assert.match(text, /^Client: Skiff\n Version: +\d+\.\d+\.\d+\n/);
  assert.match(text, /\n\nServer: Skiff\n Engine:\n {2}Version: +\d+\.\d+\.\d+\n/);
  assert.is(output(['version', '--format', '{{.Client.Os}} {{.Server.Os}} {{.Server.KernelVersion}} {{range .Server.Components}}{{.Name}}{{end}}']).trim(), `linux linux ${release()} Engine`);
  assert.is(skiff(['version', '--format', '{{.Nonsense}}']).status, 125);
});

test.run();
