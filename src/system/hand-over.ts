/** The end of a command that goes on as a helper. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** execve(2) has been in Node since 22.15 and in Bun since 1.3; @types/node 20 does not know it. */
type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => void;

/**
 * Replaces this process by `program` (absolute), which keeps the terminal, the pid and the current directory: the 35 MB of
 * a JavaScript runtime are given back. Where the runtime cannot do that, runs it as a child and returns its exit code, with
 * signals passed on; SKIFF_PARENT tells it to end with this process. Anything that has to be closed or removed by this process must have been before.
 */
export const handOver = async (program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> => {
  const execve = (process as { execve?: Execve }).execve;
  if (execve !== undefined) execve.call(process, program, [program, ...args], env);
  return await runAsChild(program, args, env);
};

const passedOn: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'];

const runAsChild = (program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...env, SKIFF_PARENT: String(process.pid) } });
    // A terminal sends its signals to both; only what was sent to us alone is passed on, and twice does no harm to the rest.
    const fromTerminal = new Set<NodeJS.Signals>(process.stdin.isTTY ? ['SIGINT', 'SIGQUIT', 'SIGWINCH'] : []);
    for (const signal of passedOn) process.on(signal, () => void (fromTerminal.has(signal) || child.kill(signal)));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
