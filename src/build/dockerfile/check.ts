/** What `--check` finds in a Dockerfile that is right but should be otherwise: BuildKit's rules and words (frontend/dockerfile/linter/ruleset.go), as far as they need no image. Pure. */
import { posix } from 'node:path';
import type { Matcher } from '../patterns.ts';
import type { Dockerfile, Instruction, Place, Stage } from './instructions.ts';
import type { Lines } from './location.ts';

export interface Warning {
  readonly rule: string;
  readonly text: string;
  readonly lines: Lines;
}

/** What rules look at. */
interface Subject {
  readonly file: Dockerfile;
  /** What `.dockerignore` leaves out. */
  readonly ignored: Matcher | undefined;
}

type Finding = readonly [text: string, place: Place];
type Rule = (subject: Subject) => readonly Finding[];

const keywordOf = ({ original }: Place): string => /^\S+/u.exec(original.trimStart())?.[0] ?? '';

const places = ({ globals, stages }: Dockerfile): readonly Place[] => [...globals, ...stages.flatMap((stage): readonly Place[] => [stage, ...stage.instructions])];

/** All instructions, each with its stage. */
const inStages = ({ file }: Subject, found: (instruction: Instruction, stage: Stage) => readonly string[]): readonly Finding[] =>
  file.stages.flatMap((stage) => stage.instructions.flatMap((instruction) => found(instruction, stage).map((text) => [text, instruction] as const)));

const nameAsWritten = ({ original }: Stage): readonly [as: string, name: string] => {
  const [, as = '', name = ''] = /\s(as)\s+(\S+)\s*$/iu.exec(original) ?? [];
  return [as, name];
};

const instructionCasing: Rule = ({ file }) => {
  const all = places(file);
  const lower = all.filter((place) => keywordOf(place) === keywordOf(place).toLowerCase()).length;
  const upper = all.filter((place) => keywordOf(place) === keywordOf(place).toUpperCase()).length;
  const [majority, wanted] = lower > upper ? ['lowercase', (word: string) => word.toLowerCase()] as const : ['uppercase', (word: string) => word.toUpperCase()] as const;
  return all.filter((place) => keywordOf(place) !== wanted(keywordOf(place))).map((place) => [`Command '${keywordOf(place)}' should match the case of the command majority (${majority})`, place]);
};

const fromAsCasing: Rule = ({ file }) =>
  file.stages.flatMap((stage): readonly Finding[] => {
    const from = keywordOf(stage);
    const [as] = nameAsWritten(stage);
    const wanted = from === from.toUpperCase() ? as.toUpperCase() : from === from.toLowerCase() ? as.toLowerCase() : as;
    return as === wanted ? [] : [[`'${as}' and '${from}' keywords' casing do not match`, stage]];
  });

const stageNameCasing: Rule = ({ file }) =>
  file.stages.flatMap((stage): readonly Finding[] => {
    const [, name] = nameAsWritten(stage);
    return name === name.toLowerCase() ? [] : [[`Stage name '${name}' should be lowercase`, stage]];
  });

const duplicateNames: Rule = ({ file: { stages } }) =>
  stages.flatMap((stage, index): readonly Finding[] =>
    stage.name !== undefined && stages.slice(0, index).some(({ name }) => name === stage.name) ? [[`Duplicate stage name ${JSON.stringify(stage.name)}, stage names should be unique`, stage]] : []);

const reservedNames: Rule = ({ file: { stages } }) =>
  stages.flatMap((stage): readonly Finding[] => (stage.name === 'context' || stage.name === 'scratch' ? [[`Stage name should not use the same name as reserved stage ${JSON.stringify(stage.name)}`, stage]] : []));

/** The stage that another one of the same file begins with, to any depth. */
const basesOf = ({ stages }: Dockerfile, stage: Stage): readonly Stage[] => {
  const index = stages.indexOf(stage);
  const base = stages.slice(0, index).findLast(({ name }) => name === stage.base.toLowerCase());
  return base === undefined ? [] : [base, ...basesOf({ stages } as Dockerfile, base)];
};

const before = (stage: Stage, instruction: Instruction): readonly Instruction[] => stage.instructions.slice(0, stage.instructions.indexOf(instruction));

const jsonArguments: Rule = (subject) =>
  inStages(subject, (instruction, stage) => {
    if ((instruction.kind !== 'CMD' && instruction.kind !== 'ENTRYPOINT') || instruction.command.form === 'exec') return [];
    // Who has chosen a shell wants one.
    const hasShell = [...before(stage, instruction), ...basesOf(subject.file, stage).flatMap(({ instructions }) => instructions)].some(({ kind }) => kind === 'SHELL');
    return hasShell ? [] : [`JSON arguments recommended for ${instruction.kind} to prevent unintended behavior related to OS signals`];
  });

const maintainer: Rule = (subject) => inStages(subject, ({ kind }) => (kind === 'MAINTAINER' ? ['Maintainer instruction is deprecated in favor of using label'] : []));

const automatic = /^(BUILD|TARGET)(PLATFORM|OS|ARCH|VARIANT|OSVERSION)$|^TARGETSTAGE$/u;

/** Variables without a value of their own for when they are not set. */
const variablesIn = (text: string): readonly string[] => [...text.matchAll(/\$(?:\{(\w+)\}|(\w+))/gu)].map(([, braced, plain]) => braced ?? plain ?? '');

const undefinedInFrom: Rule = ({ file: { globals, stages } }) => {
  const declared = new Set(globals.flatMap(({ names }) => names.map(({ key }) => key)));
  return stages.flatMap((stage) => variablesIn(`${stage.base} ${stage.platform ?? ''}`).filter((name) => !declared.has(name) && !automatic.test(name)).map((name): Finding => [`FROM argument '${name}' is not declared`, stage]));
};

const relativeWorkdir: Rule = (subject) =>
  inStages(subject, (instruction, stage) => {
    if (instruction.kind !== 'WORKDIR' || /^[/$]/u.test(instruction.value)) return [];
    const earlier = [...before(stage, instruction), ...basesOf(subject.file, stage).flatMap(({ instructions }) => instructions)];
    return earlier.some((other) => other.kind === 'WORKDIR' && /^[/$]/u.test(other.value)) ? [] : [`Relative workdir ${JSON.stringify(instruction.value)} can have unexpected results if the base image changes`];
  });

/** Of the earlier one, which is the one without an effect. */
const onlyOnce: Rule = (subject) =>
  inStages(subject, (instruction, { instructions }) => {
    const { kind } = instruction;
    const isOverridden = (kind === 'CMD' || kind === 'ENTRYPOINT' || kind === 'HEALTHCHECK') && instructions.slice(instructions.indexOf(instruction) + 1).some((other) => other.kind === kind);
    return isOverridden ? [`Multiple ${kind} instructions should not be used in the same stage because only the last one will be used`] : [];
  });

const legacyPairs: Rule = (subject) =>
  inStages(subject, ({ kind, original }) => ((kind === 'ENV' || kind === 'LABEL') && /^\s*\S+\s+[^\s="']+\s+\S/u.test(original) ? [`"${kind} key=value" should be used instead of legacy "${kind} key value" format`] : []));

const redundantPlatform: Rule = ({ file: { stages } }) =>
  stages.flatMap((stage): readonly Finding[] => (/^\$(\{TARGETPLATFORM\}|TARGETPLATFORM)$/u.test(stage.platform ?? '') ? [[`Setting platform to predefined ${stage.platform} in FROM is redundant as this is the default behavior`, stage]] : []));

const constantPlatform: Rule = ({ file: { stages } }) =>
  stages.flatMap((stage): readonly Finding[] => {
    const { platform = '$', name = '' } = stage;
    const isNamed = platform.split('/').some((part) => part !== '' && name.includes(part));
    return platform.includes('$') || isNamed ? [] : [[`FROM --platform flag should not use constant value ${JSON.stringify(platform)}`, stage]];
  });

const secretWord = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/iu;
const publicWord = /(?:_|^)public(?:_|$)/iu;

const secrets: Rule = (subject) =>
  inStages(subject, (instruction) => {
    if (instruction.kind !== 'ARG' && instruction.kind !== 'ENV') return [];
    const names = instruction.kind === 'ARG' ? instruction.names.map(({ key }) => key) : instruction.pairs.map(({ key }) => key);
    return names.filter((name) => secretWord.test(name) && !publicWord.test(name)).map((name) => `Do not use ARG or ENV instructions for sensitive data (${instruction.kind} ${JSON.stringify(name)})`);
  });

const ignoredFiles: Rule = (subject) =>
  inStages(subject, (instruction) => {
    if ((instruction.kind !== 'COPY' && instruction.kind !== 'ADD') || (instruction.kind === 'COPY' && instruction.from !== undefined)) return [];
    const plain = instruction.sources.filter((source) => !/[$*?[\\]|^[a-z]+:\/\/|^git@/u.test(source));
    const isIgnored = (source: string): boolean => {
      const path = posix.normalize(source).replace(/^\/+|\/+$/gu, '');
      return path !== '' && path !== '.' && subject.ignored?.matches(path) === true;
    };
    return plain.filter(isIgnored).map((source) => `Attempting to ${instruction.kind} file ${JSON.stringify(source)} that is excluded by .dockerignore`);
  });

const rules: Readonly<Record<string, Rule>> = {
  StageNameCasing: stageNameCasing,
  FromAsCasing: fromAsCasing,
  ConsistentInstructionCasing: instructionCasing,
  DuplicateStageName: duplicateNames,
  ReservedStageName: reservedNames,
  JSONArgsRecommended: jsonArguments,
  MaintainerDeprecated: maintainer,
  UndefinedArgInFrom: undefinedInFrom,
  WorkdirRelativePath: relativeWorkdir,
  MultipleInstructionsDisallowed: onlyOnce,
  LegacyKeyValueFormat: legacyPairs,
  RedundantTargetPlatform: redundantPlatform,
  FromPlatformFlagConstDisallowed: constantPlatform,
  SecretsUsedInArgOrEnv: secrets,
  CopyIgnoredFile: ignoredFiles,
};

/** Rules that the directive `# check=skip=A,B` names, in lower case. */
const skipped = (check: string | undefined): ReadonlySet<string> => {
  const [, list = ''] = /(?:^|;)\s*skip\s*=([^;]*)/iu.exec(check ?? '') ?? [];
  return new Set(list.split(',').map((name) => name.trim().toLowerCase()));
};

/** The warnings about `file`, in its order, without those that it asks to be spared. */
export const checkDockerfile = (file: Dockerfile, ignored: Matcher | undefined): readonly Warning[] => {
  const skip = skipped(file.directives.check);
  return Object.entries(rules)
    .filter(([rule]) => !skip.has('all') && !skip.has(rule.toLowerCase()))
    .flatMap(([rule, find]) => find({ file, ignored }).map(([text, { lines }]): Warning => ({ rule, text, lines })))
    .toSorted((a, b) => a.lines.first - b.lines.first);
};

/** Where Docker explains a rule. */
export const ruleAddress = (rule: string): string => `https://docs.docker.com/go/dockerfile/rule/${rule.replace(/(?<=[a-z])(?=[A-Z])|(?<=JSON)/gu, '-').toLowerCase()}/`;
