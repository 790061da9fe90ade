import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { historyFields, historyView } from '../../src/cli/history.ts';
import { historyRows } from '../../src/images/history.ts';

const now = Date.parse('2026-11-20T19:00:00Z');
const id = `sha256:${'ab'.repeat(32)}` as const;
const fields = { human: true, noTrunc: false };

test('sizes go to the steps that made layers; layers that no step tells of are shown too', () => {
  const steps = [{ created_by: 'ADD' }, { created_by: 'ENV', empty_layer: true }, { created_by: 'RUN', comment: 'c' }];
  assert.equal(historyRows(steps, [10, 20, 30]).map(({ createdBy, size, comment }) => [createdBy, size, comment]), [['ADD', 10, ''], ['ENV', 0, ''], ['RUN', 20, 'c'], ['', 30, '']]);
  assert.equal(historyRows([], [5]).map(({ size, created }) => [size, created]), [[5, 0]]);
  assert.equal(historyRows(steps, [10]).map(({ size }) => size), [10, 0, 0]);
  assert.equal(historyRows(steps, [undefined, 20]).map(({ size }) => size), [undefined, 0, 20]);
});

test("a row has Docker's words", () => {
  const row = { created: now - 3 * 3600_000, createdBy: `/bin/sh -c #(nop)\tCMD ${'x'.repeat(40)}`, comment: 'c', size: 4_270_000 };
  assert.equal(historyFields({ ...row, id }, fields, now), {
    ID: 'abababababab', CreatedSince: '3 hours ago', CreatedAt: '2026-11-20T16:00:00Z', CreatedBy: `/bin/sh -c #(nop) CMD ${'x'.repeat(22)}…`, Size: '4.27MB', Comment: 'c',
  });
  const whole = historyFields({ ...row, id }, { human: false, noTrunc: true }, now);
  assert.equal([whole['ID'], whole['CreatedSince'], whole['Size']], [id, '2026-11-20T16:00:00Z', '4270000']);
  assert.is(whole['CreatedBy'], row.createdBy.replace('\t', ' '));
  const empty = historyFields({ created: 0, createdBy: '', comment: '', size: undefined }, fields, now);
  assert.equal([empty['ID'], empty['CreatedSince'], empty['Size']], ['<missing>', 'N/A', 'N/A']);
  assert.equal([historyView(true).columns[1], historyView(false).columns[1]], ['CreatedSince', 'CreatedAt']);
});

test.run();
