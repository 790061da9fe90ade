/** Questions to the person at the terminal, as `login` asks them. */
import { fail } from '../core/errors.ts';
import type { Context } from './context.ts';

/** Longest line or piped secret that is taken, in bytes; a terminal's own limit is 4096. */
const maximumInput = 64 * 1024;

const tooLong = (): never => fail({ _tag: 'Usage', message: `standard input has more than ${maximumInput} bytes`, hint: 'only a password is wanted there' });

/** The person typed Ctrl-C: as if the terminal had sent SIGINT, which it does not while it is raw. */
export class Interrupted extends Error {}

interface Line {
  readonly text: string;
  readonly isComplete: boolean;
}

/** What the keys of a raw terminal do to the line so far: Enter ends it, Backspace and Ctrl-U take away, Ctrl-D ends an empty one. */
export const editLine = (before: string, keys: string): Line => {
  let text = before;
  for (const key of keys) {
    if (key === '\r' || key === '\n') return { text, isComplete: true };
    if (key === '\u0003') throw new Interrupted();
    if (key === '\u0004' && text === '') return { text, isComplete: true };
    if (key === '\u007f' || key === '\b') text = [...text].slice(0, -1).join('');
    else if (key === '\u0015') text = '';
    else if (key >= ' ') text += key;
  }
  if (text.length > maximumInput) tooLong();
  return { text, isComplete: false };
};

/** Reads until `editLine` is content or the input ends. */
const readLine = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const { stdin } = process;
    const decoder = new TextDecoder();
    let text = '';
    const done = (settle: () => void): void => {
      stdin.off('data', onData).off('end', onEnd).off('error', onError).pause();
      settle();
    };
    const onEnd = (): void => done(() => resolve(text));
    const onError = (error: Error): void => done(() => reject(error));
    const onData = (chunk: Buffer): void => {
      try {
        const line = editLine(text, decoder.decode(chunk, { stream: true }));
        text = line.text;
        if (line.isComplete) onEnd();
      } catch (error) {
        done(() => reject(error as Error));
      }
    };
    stdin.on('data', onData).on('end', onEnd).on('error', onError).resume();
  });

/** Asks with `question` and returns the line, without blanks around it. Standard input must be a terminal. */
export const askLine = async ({ stdout }: Pick<Context, 'stdout'>, question: string): Promise<string> => {
  stdout.write(question);
  return (await readLine()).trim();
};

/** As `askLine`, but nothing of the answer is shown, and blanks are part of it. Throws `Interrupted` for Ctrl-C. */
export const askSecret = async ({ stdout }: Pick<Context, 'stdout'>, question: string): Promise<string> => {
  stdout.write(question);
  process.stdin.setRawMode(true);
  try {
    return await readLine();
  } finally {
    process.stdin.setRawMode(false);
    stdout.write('\n');
  }
};

/** All of standard input without the line breaks at its end, as `echo` and `cat` leave them. Throws `Usage` for more than 64 KiB. */
export const readPipedSecret = async (): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maximumInput) tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8').replace(/[\r\n]+$/, '');
};
