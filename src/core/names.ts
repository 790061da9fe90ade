/** Container names and ids. */
import { attempt, usage } from './invalid.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

/** A `--name` by Docker's rule, `[a-zA-Z0-9][a-zA-Z0-9_.-]+`, at most 255 bytes because it is a file's name too; a leading `/` is dropped. */
export const parseContainerName = (text: string): Either<SkiffError, string> =>
  attempt(() => {
    const name = text.replace(/^\//, '');
    if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(name)) return name;
    return usage(`invalid container name '${text}'`, "use two or more letters, digits, '_', '.' or '-', beginning with a letter or digit");
  });

/** Whether `text` is a full container id: 64 lower-case hex digits. */
export const isContainerId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** The short form that listings and host names show. */
export const shortId = (id: string): string => id.slice(0, 12);

const adjectives = (
  'able agile amber ample apt balmy bold brave breezy bright brisk calm candid canny civil clear clever cosy crisp curious dapper daring deft ' +
  'eager early earnest easy fair fast fearless fond frank fresh gallant gentle glad golden grand handy happy hardy honest humble ideal jolly ' +
  'keen kind lively loyal lucid lucky mellow merry mild modest neat nimble noble patient placid plucky polite proud quick quiet rapid ready ' +
  'robust sage serene sharp silent sleek smart snug sober solid spry steady stoic sturdy subtle sunny swift tidy tranquil trim upbeat valiant ' +
  'vivid warm wise witty zesty'
).split(' ');

/** People of ships, maps, sea and computing. */
const surnames = (
  'aldrin amundsen anning babbage banks barents bates beaufort bering bjarni boole borlaug bowditch cabot cartier cavendish chichester clarke ' +
  'cook cousteau crowley curie dalton darwin dias drake earle elcano erikson euler fitzroy flinders forster franklin frobisher galileo gama ' +
  'germain goodall halley hamilton hanno harrison henson herschel heyerdahl hopper hudson humboldt ibnmajid johnson kepler knuth lamarr ' +
  'lovelace macarthur magellan maury mercator mitchell moitessier nansen newton noether nordenskiold ortelius pascal payne piccard polo ' +
  'pytheas ride ross sacagawea scoresby shackleton shannon slocum somerville tasman tereshkova tharp turing vancouver verrazzano vespucci ' +
  'wallace wegener wilkes zhenghe'
).split(' ');

/** A made-up name, `adjective_surname`. `random` gives numbers in [0, 1); `attempt` above 0 appends a digit, for when names run out. */
export const generateName = (random: () => number, tries = 0): string => {
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)] ?? '';
  const name = `${pick(adjectives)}_${pick(surnames)}`;
  return tries === 0 ? name : `${name}${Math.floor(random() * 10)}`;
};
