import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTemplate } from '../../src/core/go-template.ts';

const data = {
  ID: 'abc123',
  Names: ['/web', '/front'],
  Count: 3,
  Running: true,
  Empty: '',
  Nothing: null,
  Labels: new Map([
    ['b', '2'],
    ['a', '1'],
  ]),
  NetworkSettings: { Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] }, Networks: { bridge: { IPAddress: '172.17.0.2' } } },
  Label: (name: string) => `label ${name}`,
};

const render = (template: string): string => parseTemplate(template)(data);

const failure = (template: string): string => {
  try {
    return `no error: ${render(template)}`;
  } catch (caught) {
    return (caught as Error).message;
  }
};

const cases: readonly (readonly [string, string])[] = [
  ['plain', 'plain'],
  ['{{.ID}} and {{ .Count }}', 'abc123 and 3'],
  ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '8080'],
  ['{{range $p, $c := .NetworkSettings.Ports}}{{$p}}->{{(index $c 0).HostPort}}{{end}}', '80/tcp->8080'],
  ['{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', '172.17.0.2'],
  ['{{with index .NetworkSettings.Networks "bridge"}}{{.IPAddress}} {{$.ID}}{{end}}', '172.17.0.2 abc123'],
  ['{{range .Names}}[{{.}}]{{else}}none{{end}}', '[/web][/front]'],
  ['{{range $i, $n := .Names}}{{if $i}}, {{end}}{{$i}}={{$n}}{{end}}', '0=/web, 1=/front'],
  ['{{range .Nothing}}x{{else}}none{{end}}', 'none'],
  ['{{range .Names}}{{.}}{{break}}{{end}}', '/web'],
  ['{{range .Names}}{{if eq . "/web"}}{{continue}}{{end}}{{.}}{{end}}', '/front'],
  ['{{if .Empty}}a{{else if .Running}}b{{else}}c{{end}}', 'b'],
  ['{{if and .Running (not .Empty)}}yes{{end}}', 'yes'],
  ['{{or .Empty .ID}}|{{and .ID .Count}}', 'abc123|3'],
  ['{{and .Nothing .Nothing.Deep}}', '<nil>'],
  ['{{if eq .ID "x" "abc123"}}one of{{end}}{{if ne .Count 3}}no{{end}}{{if gt .Count 2}}more{{end}}', 'one ofmore'],
  ['{{join .Names ", "}} {{upper .ID}} {{.ID | upper | lower | printf "%q"}}', '/web, /front ABC123 "abc123"'],
  ['{{index (split "a:b:c" ":") 1}}', 'b'],
  ['{{title "hello big world"}}|{{pad .ID 2 1}}|{{truncate .ID 3}}', 'Hello Big World|  abc123 |abc'],
  ['{{printf "%-8s|%5d|%05.1f|%t|%x|%%" .ID .Count 2.25 true "hi"}}', 'abc123  |    3|002.3|true|6869|%'],
  ['{{println .ID .Count}}', 'abc123 3\n'],
  ['{{len .Names}} {{len .ID}} {{slice .ID 1 3}}', '2 6 bc'],
  ['{{json .Names}} {{json .Labels}}', '["/web","/front"] {"a":"1","b":"2"}'],
  ['{{.Labels}} {{.Names}} {{.Labels.a}} {{.Labels.zzz}} {{.Nothing}}', 'map[a:1 b:2] [/web /front] 1 <no value> <nil>'],
  ['{{.Label "x"}}', 'label x'],
  ['{{index .Labels "missing"}}.', '.'],
  ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2'],
  ['{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}', '1'],
  ['a  {{- " b " -}}  c', 'a b c'],
  ['a {{/* }} not shown */}} b {{- /* x */ -}} c', 'a  bc'],
  ['{{`raw "}}" text`}} {{"}}"}} {{\'a\'}} {{-3}}', 'raw "}}" text }} 97 -3'],
  ['{{"tab\\tquote\\" \\u00e9"}}', 'tab\tquote" é'],
];

for (const [template, expected] of cases) test(template, () => assert.is(render(template), expected));

const mistakes: readonly (readonly [string, RegExp])[] = [
  ['{{.Foo}}', /can't evaluate field Foo; there are ID, Names/],
  ['{{.ID', /has no '}}'/],
  ['{{if .ID}}x', /\{\{if\}\} has no \{\{end\}\}/],
  ['x{{end}}', /unexpected \{\{end\}\}/],
  ['{{foo .ID}}', /function "foo" not defined/],
  ['{{index .Names 7}}', /index out of range: 7/],
  ['{{join .ID ","}}', /join needs a list/],
  ['{{upper}}', /wrong number of arguments for upper: want 1, got 0/],
  ['{{.Nothing.Deep}}', /nil has no field Deep/],
  ['{{.ID "x"}}', /ID is not a method/],
  ['{{(.ID}}', /has no '\)'/],
  ['{{.ID | }}', /a command is missing/],
  ['{{}}', /a command is missing/],
  ['{{.constructor}}', /can't evaluate field constructor/],
  ['{{$nope}}', /undefined variable: \$nope/],
  ['{{break}}', /outside of \{\{range\}\}/],
  ['{{printf "%99999999d" 1}}', /printf needs a small number/],
  [`{{${'('.repeat(5000)}}}`, /too many parentheses/],
  ['{{if .ID}}'.repeat(5000), /too many blocks/],
  ['{{.ID @}}', /unexpected '@'/],
];

for (const [template, expected] of mistakes) test(`mistake: ${template.slice(0, 40)}`, () => assert.match(failure(template), expected));

test.run();
