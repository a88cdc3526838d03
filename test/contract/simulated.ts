// The server in memory as the contract meets it.
import { createDirectTransport } from '../sim/server/direct.ts';
import { SimServer } from '../sim/server/server.ts';
import type { Ground } from './stage.ts';

export function simulated(): Ground {
  let uids = 0;
  let nowMs = Date.UTC(2026, 0, 1);
  const uid = () => {
    uids += 1;
    return `00000000-0000-4000-9000-${String(uids).padStart(12, '0')}`;
  };
  // Time passes with each look, so that nothing rests on its standing still.
  const now = () => {
    nowMs += 7;
    return nowMs;
  };
  const server = new SimServer({ now, uid });
  return {
    transport: createDirectTransport(server, 'contract'),
    forgotten: () => {
      server.compact();
      return Promise.resolve('1');
    },
  };
}
