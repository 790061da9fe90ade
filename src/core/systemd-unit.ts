/** The systemd user unit that `skiff system install` writes: systemd.service(5), systemd.exec(5), systemd.syntax(7). */
import type { BootCommand } from './boot-command.ts';

/** What the unit is called, everywhere. */
export const unitName = 'skiff.service';

/** The first line of the unit: a file without it is somebody else's. */
const mark = "# Made by 'skiff system install'; 'skiff system uninstall' removes it.";

/** Whether `text` is a unit that we wrote. */
export const isOurUnit = (text: string): boolean => text.startsWith(`${mark}\n`);

/** In double quotes a backslash and a quote are escaped as in C; `%` begins a specifier wherever it stands. */
const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&').replaceAll('%', '%%')}"`;

/** `$` begins a variable in arguments, but neither in the path of the program nor in Environment=. */
const argument = (text: string): string => quoted(text.replaceAll('$', '$$$$'));

/** The path of a program must have neither quotes nor backslashes (`string_is_safe` in systemd's sources): then a shell gets it as an argument. */
const programWords = (program: string): readonly string[] =>
  /["'\\]/.test(program) ? ['/bin/sh', '-c', argument('exec "$0" "$@"'), argument(program)] : [quoted(program)];

const commandLine = ({ program, args }: BootCommand, ...words: readonly string[]): string => [...programWords(program), ...args.map(argument), ...words].join(' ');

/**
 * The whole unit.
 *
 * - `-` before the program: one container that cannot be started must not make the unit fail, because systemd then kills what it has started.
 * - RemainAfterExit: what `system boot` has started lives in the unit's control group, and is stopped with it, by ExecStop.
 * - No time limits: each container has its own stop timeout, and many may have to start.
 * - OOMPolicy: without it one container that runs out of memory ends all others, because they are one unit for systemd.
 * - Delegate: containers get control groups of their own below the unit's. TasksMax: systemd's limit is for one service, not for many containers.
 */
export const unitText = (command: BootCommand): string => `${mark}
[Unit]
Description=Containers of skiff that start with the machine
Documentation=man:skiff-system-install(1)

[Service]
Type=oneshot
RemainAfterExit=yes
${command.environment.map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`).join('')}ExecStart=-${commandLine(command, 'system', 'boot')}
ExecStop=-${commandLine(command, 'system', 'shutdown')}
TimeoutStartSec=infinity
TimeoutStopSec=infinity
OOMPolicy=continue
Delegate=yes
TasksMax=infinity

[Install]
WantedBy=default.target
`;
