/** The command line that starts containers when a machine does, as systemd and cron want it written. */

/** How this very `skiff` is called again by somebody with another environment. */
export interface BootCommand {
  /** Absolute path of the program, and what comes before the name of a command. */
  readonly program: string;
  readonly args: readonly string[];
  /** What has to be set, for the same directories to be used. */
  readonly environment: readonly (readonly [name: string, value: string])[];
}

/** Control characters have no place in a line of a unit or a crontab, and cannot be quoted in the latter. The first word that has one. */
export const unspeakable = ({ program, args, environment }: BootCommand): string | undefined =>
  [program, ...args, ...environment.map(([, value]) => value)].find((word) => /[\u0000-\u001f\u007f]/.test(word));
