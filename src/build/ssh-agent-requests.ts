/** Which requests to an SSH agent are passed on: the framing and numbers of draft-miller-ssh-agent. Pure. */

/** SSH_AGENTC_REQUEST_IDENTITIES and SSH_AGENTC_SIGN_REQUEST. */
const allowed: ReadonlySet<number> = new Set([11, 13]);

/** SSH_AGENT_FAILURE, as a whole message. */
const failure = Buffer.from([0, 0, 0, 1, 5]);

/** As OpenSSH's agent has it. */
const longest = 256 * 1024;

export interface Taken {
  readonly forAgent: Buffer;
  /** Answers to what the agent does not see. */
  readonly refusals: Buffer;
}

/** Takes a client's bytes as they come; undefined once they are no messages of the protocol. */
export const agentRequests = (): ((bytes: Buffer) => Taken | undefined) => {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const forAgent: Buffer[] = [];
    const refusals: Buffer[] = [];
    while (rest.length >= 4) {
      const length = rest.readUInt32BE(0);
      if (length === 0 || length > longest) return undefined;
      if (rest.length < 4 + length) break;
      if (allowed.has(rest.readUInt8(4))) forAgent.push(rest.subarray(0, 4 + length));
      else refusals.push(failure);
      rest = rest.subarray(4 + length);
    }
    return { forAgent: Buffer.concat(forAgent), refusals: Buffer.concat(refusals) };
  };
};
