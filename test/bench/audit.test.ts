// The audit log while it grows: nothing is counted twice, nothing is lost where one chunk that is read ends and the next begins.
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AuditLog } from '../../bench/measure/audit.ts';
import type { KubeClient } from '../../src/kube/client.ts';

const line = (user: string, name: string, padding = 0) =>
  `${JSON.stringify({
    ...{ stage: 'ResponseComplete', verb: 'create', requestURI: `/x${'é'.repeat(padding)}`, user: { username: user } },
    ...{ objectRef: { resource: 'pods', namespace: 'n', name }, requestReceivedTimestamp: '2026-11-23T08:00:00Z' },
  })}\n`;

function logOf(content: string): { readonly log: AuditLog; readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'bench-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'audit.log');
  writeFileSync(path, content);
  // A server that writes its line, and others around it.
  const get = (_resource: unknown, { name }: { readonly name: string }) => {
    appendFileSync(path, line('me', 'before') + line('admin', name) + line('me', 'after'));
    return Promise.resolve(undefined);
  };
  return { log: new AuditLog(path, { get } as unknown as KubeClient), path };
}

test('every line is read once, however it lies across the chunks that are read', async () => {
  const names = Array.from({ length: 3000 }, (_, index) => `pod-${index}`);
  const { log, path } = logOf(names.map((name, index) => line('me', name, index % 700)).join(''));
  const { size } = statSync(path);
  expect(size).toBeGreaterThan(2 << 20);
  const entries = await log.between(0, size, ['me']);
  expect(entries.map(({ name }) => name)).toEqual(names);
});

test('between two marks stands what was asked between them', async () => {
  const { log } = logOf(line('me', 'long ago'));
  const from = await log.mark();
  const to = await log.mark();
  const entries = await log.between(from, to, ['me']);
  expect(entries.map(({ name }) => name)).toEqual(['after', 'before']);
});

test('a line that is not whole yet is left for the next time', async () => {
  const whole = line('me', 'whole');
  const { log, path } = logOf(whole + line('me', 'half').slice(0, 40));
  const entries = await log.between(0, statSync(path).size, ['me']);
  expect(entries.map(({ name }) => name)).toEqual(['whole']);
});
