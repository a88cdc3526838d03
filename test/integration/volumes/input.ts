// What people may write wrong about volumes: sizes that are none, two claim templates of one name, requests that name nothing
// that is there. It is refused or said, and no claim is lost by it. What was stored before a rule: semantics-input.test.ts.

import { describe, expect, test } from 'vitest';
import { APPS } from '../../../src/operator/resources.ts';
import { isOfWeb } from '../semantics/rolling.ts';
import { app, condition, type Scene } from '../stage.ts';
import { annotate, claimTemplate, record, requestOf, templates } from './disks.ts';

const NONE = ['0', '-1Gi'];
const sized = (size: string) => templates(claimTemplate('data', { size }));
const said = (scene: Scene, words: string) =>
  scene.until(`AsSpecified to say ${words}`, () => {
    const found = condition(scene.app('web'), 'AsSpecified');
    return found?.message.includes(words) && found;
  });
const everything = (scene: Scene) => ({ claims: scene.uids('claims'), pods: scene.uids('pods') });

export function aboutBadInput(open: () => Promise<Scene>): void {
  describe.concurrent('bad input:', () => {
    test.each(NONE)(
      'a size of %s of a new app: the API server refuses the claim, and the status says so',
      async (size) => {
        const scene = await open();
        await scene.create(APPS, app({ spec: { replicas: 2, ...sized(size) } }));
        const { message } = await scene.reason('web', 'Ready', 'Refused');
        expect(message).toContain('data-web-0');
        expect(message).toMatch(/must be greater than/);
        await scene.twoRounds('web');
        expect(scene.made('claims').concat(scene.made('pods').filter(isOfWeb))).toEqual([]);
        await scene.edit('web', sized('1Gi'));
        await scene.ready('web', 90);
      },
    );

    test.each(NONE)('a size of %s of an app that runs: claims stay as they are, and it is said', async (size) => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2 } }));
      const before = everything(scene);
      await scene.edit('web', sized(size));
      await said(scene, `Claim data-web-0 (and 1 more): the template's size ${JSON.stringify(size)} is none`);
      await scene.twoRounds('web');
      expect(everything(scene)).toMatchObject(before);
      expect(scene.claims().map(requestOf)).toEqual(['1Gi', '1Gi']);
      expect(condition(scene.app('web'), 'Ready')?.status).toBe('True');
    });

    test('two claim templates of one name are refused when the app is applied or changed', async () => {
      const scene = await open();
      const twice = templates(claimTemplate('data'), claimTemplate('wal'), claimTemplate('data', { size: '2Gi' }));
      const words = 'two claim templates have the same name, and so would their claims; rename one of them';
      await expect(scene.create(APPS, app({ spec: twice }))).rejects.toThrow(words);
      await scene.start(app({ spec: { replicas: 1 } }));
      const before = everything(scene);
      await expect(scene.patch(APPS, 'web', { spec: twice })).rejects.toThrow(words);
      expect(everything(scene)).toEqual(before);
    });

    test.each(['accept-volume-loss', 'rebuild'])(
      '%s that names nothing that is there does nothing, and that is said',
      async (name) => {
        const scene = await open();
        await scene.start(app({ spec: { replicas: 2 } }));
        await Promise.all(['data-web-0', 'data-web-1'].map((claim) => record(scene, claim)));
        const before = everything(scene);
        const uid = before.claims['data-web-1'];
        const none = 'no wanted member of this app has a claim of that name';
        const rows: readonly (readonly [string, string])[] = [
          [`data-web-7=${uid}`, `nothing is done for data-web-7=${uid}: ${none}`],
          [`web-1=${uid}`, `nothing is done for web-1=${uid}: ${none}`],
          ['data-web-1', '"data-web-1" is no <claim>=<uid>'],
          ['data-web-1=', '"data-web-1=" is no <claim>=<uid>'],
          [`=${uid}`, `"=${uid}" is no <claim>=<uid>`],
          ['\u{1F4BE}', '"\u{1F4BE}" is no <claim>=<uid>'],
          ['data-web-1=00000000-0000-0000-0000-000000000000', 'it can be taken off: kubectl annotate'],
        ];
        for (const [value, words] of rows) {
          await annotate(scene, name, value);
          const { message } = await said(scene, words);
          expect(message).toContain(`Annotation statefulapp.dev/${name}: `);
        }
        await scene.twoRounds('web');
        expect(everything(scene)).toMatchObject(before);
        expect(scene.gone('claims').concat(scene.gone('pods').filter(isOfWeb))).toEqual([]);
        expect(condition(scene.app('web'), 'Ready')?.status).toBe('True');
      },
    );
  });
}
