// The daemon as a whole, over an API server in memory.

import { expect, test } from 'vitest';
import { makeReady, settled, startDaemon, webApp } from './daemon.ts';

const podsOf = (deeds: readonly string[]) => deeds.filter((deed) => /(create|delete) pods/.test(deed));

test('from an app to its members: Service first, then revision, claim and pod, the next one once that is ready', async () => {
  const { api } = startDaemon();
  api.put('statefulapps', webApp());
  await api.until(() => api.find('pods', 'web-0') !== undefined);
  await settled();
  const made = api.deeds.filter((deed) => !/events|leases|status/.test(deed));
  expect(made).toEqual([
    'create services web',
    expect.stringMatching(/^create controllerrevisions web-[0-9a-f]{10}$/),
    'create persistentvolumeclaims data-web-0',
    'create pods web-0',
  ]);
  makeReady(api, 'web-0');
  await api.until(() => api.find('pods', 'web-1') !== undefined);
  expect(podsOf(api.deeds)).toEqual(['create pods web-0', 'create pods web-1']);
});
