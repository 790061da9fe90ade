/** The launch plan's records of a container's log. */
import { goJson } from '../core/go-json.ts';
import { isRemote, keepsFiles, logAttributes, logLimits } from '../core/log-options.ts';
import { helperPath } from '../system/helper.ts';
import { subjectOf } from './logs-subject.ts';
import { readersPath } from './container-places.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import type { Paths } from '../system/paths.ts';
import type { ExpandTag, LogRecords } from './logs-subject.ts';
import type { ContainerSpec, SkiffSpec } from './spec-types.ts';
import type { PlanRecord } from '../core/plan-record.ts';

/** Attributes in the order in which Go writes a map. */
const attributesText = (oci: OciSpec, skiff: SkiffSpec, expand: ExpandTag): string => {
  const { log } = skiff;
  const subject = subjectOf(oci, skiff);
  const { tag = '' } = log.options ?? {};
  const pairs = [...logAttributes(log, subject), ...Object.entries(tag === '' ? {} : { tag: expand(tag, subject) })];
  const sorted = [...new Map(pairs)].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.length === 0 ? '' : `"attrs":${goJson(Object.fromEntries(sorted))},`;
};

const fileRecords = (paths: Paths, oci: OciSpec, skiff: SkiffSpec, expand: ExpandTag): readonly PlanRecord[] => {
  if (!keepsFiles(skiff.log)) return [['log', 'none']];
  const { maxSize, maxFiles, compress } = logLimits(skiff.log);
  return [
    ['log', 'json-file', String(maxSize), String(maxFiles), attributesText(oci, skiff, expand)],
    // Who has one file without a limit needs neither.
    ...(maxSize === 0 ? [] : [['log-readers', readersPath(paths, skiff.id)] as PlanRecord]),
    ...(compress ? [['log-gzip', helperPath(paths, 'skiff-tree')] as PlanRecord] : []),
  ];
};

const asTyped: ExpandTag = (template) => template;

/**
 * Looks up what a container's log needs: the template engine where a tag is a template, addresses of receivers. What cannot be looked up
 * is an error of the start (`logs-remote.ts`). Throws Usage for a bad tag.
 */
export const prepareLog = async (paths: Paths, { oci, skiff }: ContainerSpec): Promise<LogRecords> => {
  const { log } = skiff;
  const { tag = '' } = log.options ?? {};
  const expand = tag.includes('{{') ? (await import('../core/log-tag.ts')).expandTag : asTyped;
  const remote = isRemote(log.driver) ? await (await import('./logs-remote.ts')).prepareRemote(paths, log.driver, log.options ?? {}, expand) : () => [];
  const records: LogRecords = (finalOci, finalSkiff) => [...fileRecords(paths, finalOci, finalSkiff, expand), ...remote(finalOci, finalSkiff)];
  if (tag !== '') records(oci, skiff);
  return records;
};
