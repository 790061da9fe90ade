/** Tags of logs: Go templates over a container (moby's daemon/logger/loginfo.go). Loaded only where a tag has a template. */
import { parseTemplate } from './go-template.ts';
import type { LogSubject } from './log-options.ts';

/** What Docker's logger.Info has: its methods first, then its fields. */
const fieldsOf = (subject: LogSubject): object => {
  const { id, name, image, args, labels, env, created } = subject;
  const imageId = image?.id ?? '';
  return {
    ID: id.slice(0, 12),
    FullID: id,
    Name: name,
    ImageID: imageId.replace('sha256:', '').slice(0, 12),
    ImageFullID: imageId,
    ImageName: image?.reference ?? '',
    Command: args.join(' '),
    ContainerID: id,
    ContainerName: `/${name}`,
    ContainerEntrypoint: args[0] ?? '',
    ContainerArgs: args.slice(1),
    ContainerImageID: imageId,
    ContainerImageName: image?.reference ?? '',
    ContainerCreated: created,
    ContainerEnv: env,
    ContainerLabels: new Map(Object.entries(labels)),
    DaemonName: 'skiff',
  };
};

/** The tag that a template makes of a container. Throws Usage for what is no template or names no field. */
export const expandTag = (template: string, subject: LogSubject): string => parseTemplate(template)(fieldsOf(subject));
