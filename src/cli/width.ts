/** Characters that take two cells: East Asian wide and full-width ones (UAX #11), by script and block, and emoji that are shown as pictures. */
const wide =
  /^(?:\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Script=Bopomofo}|\p{Script=Yi}|\p{Emoji_Presentation}|[\u2e80-\u303e\u3041-\u33ff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6])/u;

/** Characters that take no cell of their own: combining marks, joiners, variation selectors. */
const none = /^[\p{Mn}\p{Me}\p{Cf}]/u;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const segmentWidth = (segment: string): number => (none.test(segment) ? 0 : wide.test(segment) || segment.includes('\ufe0f') ? 2 : 1);

/** Cells that `text` takes on a terminal. */
export const textWidth = (text: string): number => [...segmenter.segment(text)].reduce((sum, { segment }) => sum + segmentWidth(segment), 0);

/** The longest start of `text` that fits into `cells`. */
export const fitting = (text: string, cells: number): string => {
  let left = cells;
  let kept = '';
  for (const { segment } of segmenter.segment(text)) {
    left -= segmentWidth(segment);
    if (left < 0) break;
    kept += segment;
  }
  return kept;
};
