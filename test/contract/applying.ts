// Server-side apply of Services, as the operator does it: who owns a field, and what a second apply leaves out.
import { expect } from 'vitest';
import { type Behaviour, causesOf, refusal, type Stage, told } from './stage.ts';

const ONE = { fieldManager: 'one' };
const config = (spec: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'a', ...metadata },
  spec,
});
const HEADLESS = { clusterIP: 'None', selector: { app: 'web' } };
const apply = (s: Stage, body: object, query: Readonly<Record<string, string>> = ONE) =>
  s.patch('services', 'a', body, { type: 'apply', query });

export const APPLYING: readonly Behaviour[] = [
  [
    'apply creates what is absent',
    async (s) => {
      const made = await apply(s, config(HEADLESS, { labels: { x: '1' } }));
      expect([made.status, told(made).spec['selector'], told(made).metadata['labels']]).toEqual([
        201,
        { app: 'web' },
        { x: '1' },
      ]);
    },
  ],
  [
    'an apply that was applied before keeps the version',
    async (s) => {
      const first = told(await apply(s, config(HEADLESS)));
      expect(told(await apply(s, config(HEADLESS))).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    },
  ],
  [
    'what an apply leaves out that it said before is taken away',
    async (s) => {
      await apply(s, config({ ...HEADLESS, publishNotReadyAddresses: true }, { labels: { x: '1', y: '2' } }));
      const { spec, metadata } = told(await apply(s, config(HEADLESS, { labels: { y: '2' } })));
      expect([spec['publishNotReadyAddresses'], metadata['labels']]).toEqual([undefined, { y: '2' }]);
    },
  ],
  [
    'what another manager owns too stays',
    async (s) => {
      await apply(s, config(HEADLESS, { labels: { x: '1' } }));
      await apply(s, config(HEADLESS, { labels: { x: '1' } }), { fieldManager: 'two' });
      expect(told(await apply(s, config(HEADLESS))).metadata['labels']).toEqual({ x: '1' });
    },
  ],
  [
    'fields of nobody and of others are left alone',
    async (s) => {
      await s.make('services', 'a', { metadata: { labels: { theirs: 'x' } }, spec: { selector: { app: 'db' } } });
      const { metadata, spec } = told(
        await apply(s, config(HEADLESS, { labels: { ours: 'y' } }), { ...ONE, force: 'true' }),
      );
      expect([metadata['labels'], spec['ports']]).toEqual([
        { theirs: 'x', ours: 'y' },
        [{ port: 1, protocol: 'TCP', targetPort: 1 }],
      ]);
    },
  ],
  [
    'another value than its owner’s is a Conflict that names the field, and changes nothing',
    async (s) => {
      await s.make('services', 'a', { spec: { selector: { app: 'db' } } });
      const refused = await apply(s, config(HEADLESS));
      expect([refusal(refused), causesOf(refused)]).toEqual(['409 Conflict', ['.spec.selector']]);
      expect(told(await s.get('services', 'a')).spec['selector']).toEqual({ app: 'db' });
    },
  ],
  [
    'with force the field changes hands',
    async (s) => {
      await s.make('services', 'a', { spec: { selector: { app: 'db' } } });
      expect(told(await apply(s, config(HEADLESS), { ...ONE, force: 'true' })).spec['selector']).toEqual({
        app: 'web',
      });
      expect((await apply(s, config({ ...HEADLESS, selector: { app: 'new' } }))).status).toBe(200);
      expect(causesOf(await apply(s, config(HEADLESS), { fieldManager: 'two' }))).toEqual(['.spec.selector']);
    },
  ],
  [
    'an update takes the fields that it changes',
    async (s) => {
      await apply(s, config(HEADLESS));
      await s.patch('services', 'a', { spec: { selector: { app: 'changed' } } });
      expect(causesOf(await apply(s, config(HEADLESS)))).toEqual(['.spec.selector']);
    },
  ],
  [
    'an owner reference is one field, by its uid',
    async (s) => {
      const owner = (uid: string) => ({ apiVersion: 'v1', kind: 'X', name: uid, uid });
      await s.make('services', 'a', {
        metadata: { ownerReferences: [owner('u1')] },
        spec: { selector: { app: 'db' } },
      });
      await apply(s, config(HEADLESS, { ownerReferences: [owner('u2')] }), { ...ONE, force: 'true' });
      const { metadata } = told(await apply(s, config(HEADLESS), { ...ONE, force: 'true' }));
      expect(metadata['ownerReferences']).toEqual([owner('u1')]);
    },
  ],
  [
    'an apply that names another uid, or an absent object’s, is refused',
    async (s) => {
      expect(refusal(await apply(s, config(HEADLESS, { uid: 'u' })))).toBe('409 Conflict');
      await apply(s, config(HEADLESS));
      expect(refusal(await apply(s, config(HEADLESS, { uid: 'u' })))).toBe('422 Invalid');
      expect(refusal(await apply(s, config(HEADLESS, { resourceVersion: '1' })))).toBe('409 Conflict');
    },
  ],
  [
    'an apply without a manager is Invalid',
    async (s) => {
      const refused = await apply(s, config(HEADLESS), {});
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect((await s.get('services', 'a')).status).toBe(404);
    },
  ],
  [
    'a dry run of an apply stores nothing',
    async (s) => {
      await apply(s, config(HEADLESS));
      const would = told(await apply(s, config({ ...HEADLESS, selector: { app: 'new' } }), { ...ONE, dryRun: 'All' }));
      expect(would.spec['selector']).toEqual({ app: 'new' });
      expect(told(await s.get('services', 'a')).spec['selector']).toEqual({ app: 'web' });
    },
  ],
];
