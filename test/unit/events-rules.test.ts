/** What `skiff events` shows: the lines of the file, their forms, and `--filter`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventFilter } from '../../src/core/event-filters.ts';
import { eventJson, eventLine } from '../../src/core/event-line.ts';
import { decodeEvent, emptyEventView, eventText, eventView, salvageEvent } from '../../src/core/events.ts';
import { parseTemplate } from '../../src/core/go-template.ts';
import type { EventMessage } from '../../src/core/event-line.ts';

process.env['TZ'] = 'UTC';

const id = 'a'.repeat(64);
const message = (more: Partial<Omit<EventMessage, 'attributes'>> = {}, attributes: Readonly<Record<string, string>> = {}): EventMessage => ({
  type: 'container',
  action: 'die',
  id,
  scope: 'local',
  nanoseconds: 1_795_768_200_123_456_789n,
  ...more,
  attributes: new Map(Object.entries({ image: 'busybox', name: 'web', ...attributes }).sort(([a], [b]) => (a < b ? -1 : 1))),
});
const lineOf = (event: EventMessage): string => eventLine(event).replace(/\n$/, '');
const render = (template: string, event = message()): string => parseTemplate(template)(eventView(event));

test('the line without --format is Docker’s', () => {
  assert.is(eventText(message({}, { exitCode: '0', execDuration: '3' })), `2026-11-27T08:30:00.123456789Z container die ${id} (execDuration=3, exitCode=0, image=busybox, name=web)`);
  assert.is(eventText({ ...message({ type: 'image', action: 'prune', id: '' }), attributes: new Map([['reclaimed', '0']]) }), '2026-11-27T08:30:00.123456789Z image prune  (reclaimed=0)');
  assert.is(eventText({ ...message(), attributes: new Map(), nanoseconds: 1_795_768_200_000_000_001n }), `2026-11-27T08:30:00.000000001Z container die ${id}`);
});

test('times are in the local zone, east and west of Greenwich', () => {
  const shown = (zone: string): string => {
    process.env['TZ'] = zone;
    const [time = ''] = eventText(message()).split(' ');
    process.env['TZ'] = 'UTC';
    return time;
  };
  assert.is(shown('Asia/Kolkata'), '2026-11-27T14:00:00.123456789+05:30');
  assert.is(shown('America/St_Johns'), '2026-11-27T05:00:00.123456789-03:30');
});

test('hostile attributes stay in their line', () => {
  const event = message({ action: 'exec_create: sh -c \n\u001b[2J' }, { evil: 'a\nb\u001b]0;x\u0007\u009b' });
  assert.not.match(eventText(event), /[\u0000-\u001f\u007f-\u009f]/);
  assert.match(eventText(event), /evil=a\\x0ab\\x1b\]0;x\\x07\\x9b/);
  assert.is(eventLine(event).split('\n').length, 2);
});

test('JSON has Docker’s members in Docker’s order, and every digit of the time', () => {
  assert.is(
    eventJson(message({}, { exitCode: '0' })),
    `{"status":"die","id":"${id}","from":"busybox","Type":"container","Action":"die","Actor":{"ID":"${id}","Attributes":{"exitCode":"0","image":"busybox","name":"web"}},"scope":"local","time":1795768200,"timeNano":1795768200123456789}`,
  );
  assert.is(
    eventJson({ ...message({ type: 'image', action: 'pull', id: 'busybox:latest' }), attributes: new Map([['name', 'busybox']]) }),
    '{"status":"pull","id":"busybox:latest","Type":"image","Action":"pull","Actor":{"ID":"busybox:latest","Attributes":{"name":"busybox"}},"scope":"local","time":1795768200,"timeNano":1795768200123456789}',
  );
  assert.is(
    eventJson({ ...message({ type: 'volume', action: 'create', id: 'v' }), attributes: new Map() }),
    '{"Type":"volume","Action":"create","Actor":{"ID":"v","Attributes":{}},"scope":"local","time":1795768200,"timeNano":1795768200123456789}',
  );
});

test('a line gives back what was written, whatever the attributes are', () => {
  const hostile = { '"},"scope":"local","time":1,"timeNano":1}': '","timeNano":5}\n{"status":"', __proto__x: 'x', 'a\u0000b': '\ud800', '<&>': '\u2028', constructor: 'y' };
  for (const event of [message(), message({}, hostile), message({ type: 'volume', id: '' })]) {
    const back = decodeEvent(lineOf(event));
    assert.ok(back !== undefined);
    assert.is(lineOf(back), lineOf(event));
    assert.is(back.nanoseconds, event.nanoseconds);
  }
  const proto = decodeEvent(lineOf({ ...message(), attributes: new Map([['__proto__', 'z']]) }));
  assert.is(proto?.attributes.get('__proto__'), 'z');
});

test('the monitor’s line is read too', () => {
  const line = '{"status":"die","id":"abc","from":"busybox","Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"tier":"a","exitCode":"7","image":"busybox","name":"web"}},"scope":"local","time":1795768200,"timeNano":1795768200123456789}';
  assert.equal([...(decodeEvent(line)?.attributes ?? [])], [['exitCode', '7'], ['image', 'busybox'], ['name', 'web'], ['tier', 'a']]);
});

test('what is no event is none', () => {
  const good = lineOf(message());
  const bad = ['', '{}', 'x', '[]', 'null', good.slice(0, -1), good.slice(1), good.replace('"Type":"container"', '"Type":3'), good.replace('"web"', '[]'), good.replace(/,"timeNano.*/, '}'), good.replace('"Actor":{', '"Actor":[{'), good.replace(/"timeNano":\d+/, '"timeNano":1e9')];
  for (const line of bad) assert.is(decodeEvent(line), undefined, line);
});

test('what follows a line that was cut off is not lost with it', () => {
  const good = lineOf(message({}, { evil: '{"status":"' }));
  for (const length of [1, 10, 100, good.length - 1]) assert.is(salvageEvent(good.slice(0, length) + good)?.nanoseconds, message().nanoseconds);
  assert.is(salvageEvent(good.slice(0, 30)), undefined);
  assert.is(salvageEvent('nonsense'), undefined);
});

test('templates: fields of moby’s struct, attributes by name, json, and functions', () => {
  assert.is(render('{{.Type}} {{.Action}} {{.Actor.ID}} {{.Scope}} {{.Time}} {{.TimeNano}}'), `container die ${id} local 1795768200 1795768200123456789`);
  assert.is(render('{{.Status}} {{.ID}} {{.From}} {{.Actor.Attributes.name}} {{index .Actor.Attributes "image"}}'), `die ${id} busybox web busybox`);
  assert.is(render('{{.Actor.Attributes.nothing}}'), '<no value>');
  assert.is(render('{{json .}}'), eventJson(message()));
  assert.is(render('{{json .Actor}} {{json .TimeNano}}'), `{"ID":"${id}","Attributes":{"image":"busybox","name":"web"}} 1795768200123456789`);
  assert.is(render('{{printf "%d" .TimeNano}} {{upper .Type}}{{range $k, $v := .Actor.Attributes}} {{$k}}:{{$v}}{{end}}'), '1795768200123456789 CONTAINER image:busybox name:web');
  assert.throws(() => parseTemplate('{{.Nothing}}')(emptyEventView()), /can't evaluate field Nothing/);
  assert.is(parseTemplate('{{.Type}}{{.Actor.Attributes.x}}')(emptyEventView()), '<no value>');
});

const passes = (filters: readonly string[], event: EventMessage): boolean => eventFilter(filters)(event);

test('filters: containers by name and id, and by the beginning of either', () => {
  for (const value of ['web', 'we', id, id.slice(0, 5)]) assert.ok(passes([`container=${value}`], message()), value);
  for (const value of ['x', 'eb', 'webs', id.slice(1) + 'b']) assert.not(passes([`container=${value}`], message()), value);
});

test('filters: images by name with and without a tag, by id, in their own events and those of containers', () => {
  const container = message({}, { image: 'busybox:1.36' });
  for (const value of ['busybox', 'busybox:1.36']) assert.ok(passes([`image=${value}`], container), value);
  for (const value of ['busy', 'busybox:1', 'web']) assert.not(passes([`image=${value}`], container), value);
  const pulled: EventMessage = { ...message({ type: 'image', action: 'pull', id: 'quay.io/x/y:3' }), attributes: new Map([['name', 'quay.io/x/y']]) };
  for (const value of ['quay.io/x/y', 'quay.io/x/y:3']) assert.ok(passes([`image=${value}`], pulled), value);
  assert.not(passes(['image=y'], pulled));
  assert.ok(passes(['image=docker.io/library/busybox', 'image=busybox'], container));
});

test('filters: actions whole, but for those that go on after a colon', () => {
  assert.ok(passes(['event=die'], message()));
  assert.not(passes(['event=di'], message()));
  assert.ok(passes(['event=exec_create'], message({ action: 'exec_create: sh -c x' })));
  assert.ok(passes(['event=exec_create: sh'], message({ action: 'exec_create: sh' })));
  assert.not(passes(['event=exec_create: sh'], message({ action: 'exec_create: sh -c x' })));
  assert.ok(passes(['event=health_status'], message({ action: 'health_status: healthy' })));
});

test('filters: values of a key are alternatives, keys and labels must all match', () => {
  assert.ok(passes(['event=start', 'event=die'], message()));
  assert.not(passes(['event=die', 'type=image'], message()));
  assert.ok(passes(['type=image', 'type=container', 'scope=local'], message()));
  assert.not(passes(['scope=swarm'], message()));
  const labelled = message({}, { tier: 'front', empty: '' });
  for (const filters of [['label=tier'], ['label=tier=front'], ['label=empty='], ['label=tier', 'label=empty']]) assert.ok(passes(filters, labelled), filters.join());
  for (const filters of [['label=tier=back'], ['label=tier', 'label=none'], ['label=none']]) assert.not(passes(filters, labelled), filters.join());
  assert.ok(passes([' Type = container ', ''], message()));
  assert.ok(passes([], message()));
});

test('filters: wrong ones, in Docker’s words', () => {
  assert.throws(() => eventFilter(['die']), /invalid argument "die" for "-f, --filter" flag: bad format of filter \(expected name=value\)/);
  assert.throws(() => eventFilter(['colour=red']), /invalid filter 'colour'/);
});

test.run();
