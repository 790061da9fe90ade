/**
 * Two people on one machine whose containers are to come back: `bar` lingers and has systemd, `baz` does not and has cron. Both call a `skiff` whose
 * path needs quoting, and keep their containers where no default points. Logins are slow in the machine, so each person has one for each boot.
 */
import * as assert from 'uvu/assert';
import { execute } from '../../e2e/skiff.ts';

export const people = ['bar', 'baz'] as const;
export type Person = (typeof people)[number];

/** What the shell begins with. `wait_for N` waits until N containers run, which are started behind the login's back. */
const prelude = `PATH="$HOME/my 100% bin:$PATH"; export XDG_DATA_HOME="$HOME/100% 'data'"; cd
wait_for() { for _ in $(seq 60); do [ "$(skiff ps -q | wc -l)" -ge "$1" ] && break; sleep 1; done; }
`;

/** Names with what `ps` says of them, sorted: `web running`, `job exited 7`. */
export const listing = `skiff ps -a --format '{{.Names}} {{.State}} {{.Status}}' | sed -E 's/ (Up|Created).*//; s/ Exited \\(([0-9]+)\\).*/ \\1/' | sort`;

/** A command that says when it runs and ends with 7 when it is told to. */
export const server = `sh -c 'trap "exit 7" TERM; echo run; sleep 10000 & wait'`;

/** Runs scripts by name, in one login session as ssh opens one; returns what each has said, standard error included. All must succeed. */
export const session = <Name extends string>(person: Person, steps: Readonly<Record<Name, string>>): Readonly<Record<Name, string>> => {
  const names = Object.keys(steps) as Name[];
  const script = names.map((name) => `echo '### ${name}'; ( ${steps[name]}\n) 2>&1 || echo "failed with $?"\n`).join('');
  const command = ['systemd-run', '--quiet', '--wait', '--pipe', '--collect', `--uid=${person}`, '--property=PAMName=login'];
  const { status, stdout, stderr } = execute([...command, 'bash', '-c', `${prelude}${script}`], { timeout: 400_000 });
  assert.equal({ status, stderr }, { status: 0, stderr: '' }, `a session of ${person}`);
  const said = new Map(stdout.split(/^### /m).map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]));
  return Object.fromEntries(names.map((name) => [name, said.get(name) ?? 'it was not run'])) as Record<Name, string>;
};

export const sorted = (...lines: readonly string[]): string => [...lines].sort().map((line) => `${line}\n`).join('');
