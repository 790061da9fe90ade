/** What of an SSH agent's protocol gets through to the agent. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { agentRequests } from '../../src/build/ssh-agent-requests.ts';

const message = (type: number, body = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + body.length);
  head.writeUInt8(type, 4);
  return Buffer.concat([head, body]);
};
const refusal = message(5);

test('keys may be listed and used; everything else is answered with a failure, and never seen', () => {
  for (let type = 0; type < 256; type += 1) {
    const sent = message(type, Buffer.from('body'));
    const taken = agentRequests()(sent);
    const passes = type === 11 || type === 13;
    assert.equal(taken, { forAgent: passes ? sent : Buffer.alloc(0), refusals: passes ? Buffer.alloc(0) : refusal }, String(type));
  }
});

test('messages that come byte by byte, or several at once', () => {
  const sent = Buffer.concat([message(11), message(19), message(13, Buffer.alloc(1000, 7)), message(17)]);
  const whole = agentRequests()(sent);
  const take = agentRequests();
  const parts = [...sent].map((byte) => take(Buffer.from([byte])));
  assert.equal(Buffer.concat(parts.map((part) => part?.forAgent ?? Buffer.alloc(0))), whole?.forAgent);
  assert.equal(whole?.forAgent, Buffer.concat([message(11), message(13, Buffer.alloc(1000, 7))]));
  assert.equal(whole?.refusals, Buffer.concat([refusal, refusal]));
});

test('no message: empty, or longer than any', () => {
  for (const length of [0, 256 * 1024 + 1, 0xffffffff]) {
    const head = Buffer.alloc(5, 11);
    head.writeUInt32BE(length);
    assert.is(agentRequests()(head), undefined, String(length));
  }
});

test.run();
