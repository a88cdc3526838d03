// Names: what a member, its claims and its DNS entry are called, and back again.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimName, claimTemplateOf, dnsName, ordinalOf, podName } from '../../src/identity/member-names.ts';

const apps = fc.oneof(
  fc.constantFrom('web', 'web-1', 'constructor', '__proto__', 'toString', '0', '1-2', '-'),
  fc.stringMatching(/^[a-z0-9-]{1,20}$/),
);
const ordinals = fc.oneof(fc.nat(9), fc.integer({ min: 0, max: 2147483647 }), fc.constant(2147483647));

test('a name is put together as in a StatefulSet', () => {
  expect([podName('web', 0), claimName('data', 'web', 12), dnsName('web', 1, 'peers')]).toEqual([
    'web-0',
    'data-web-12',
    'web-1.peers',
  ]);
});

test('an ordinal comes back out of the name that it went into', () => {
  fc.assert(
    fc.property(apps, ordinals, (app, ordinal) => {
      expect(ordinalOf(app, podName(app, ordinal))).toBe(ordinal);
    }),
  );
});

test('a claim template comes back out of the name that it went into, for its own member alone', () => {
  fc.assert(
    fc.property(apps, ordinals, fc.stringMatching(/^[a-z0-9-]{1,20}$/), (app, ordinal, template) => {
      const name = claimName(template, app, ordinal);
      expect(claimTemplateOf(name, app, ordinal)).toBe(template);
      expect(claimTemplateOf(`${name}0`, app, ordinal)).toBeNull();
    }),
  );
  expect([claimTemplateOf('-web-0', 'web', 0), claimTemplateOf('web-0', 'web', 0)]).toEqual([null, null]);
});

test('a name has an ordinal only when it is the name of that ordinal', () => {
  const names = fc.oneof(
    fc.string(),
    fc.tuple(apps, fc.string()).map(([app, rest]) => `${app}-${rest}`),
    fc.stringMatching(/^web-[0-9]{1,11}$/),
  );
  fc.assert(
    fc.property(fc.oneof(apps, fc.constant('web')), names, (app, name) => {
      const ordinal = ordinalOf(app, name);
      if (ordinal !== null) expect(podName(app, ordinal)).toBe(name);
    }),
  );
});

test('no two members of any apps have one name but in the way that names allow', () => {
  fc.assert(
    fc.property(apps, ordinals, apps, ordinals, (app, ordinal, other, another) => {
      if (podName(app, ordinal) === podName(other, another)) expect([app, ordinal]).toEqual([other, another]);
    }),
  );
});

describe('no name of a member of web:', () => {
  test.each([
    'web',
    'web-',
    'web-01',
    'web--1',
    'web-1.0',
    'web-1e3',
    'web-1 ',
    'web- 1',
    'web-+1',
    'web-0x1',
    'web-2147483648',
    'web-99999999999',
    'web-1-0',
    'Web-1',
    'xweb-1',
    'web-١',
    '',
  ])('%j', (name) => {
    expect(ordinalOf('web', name)).toBeNull();
  });
});

test('web-1-0 is a member of web-1', () => {
  expect([ordinalOf('web', 'web-1-0'), ordinalOf('web-1', 'web-1-0')]).toEqual([null, 0]);
});

test('claims of two apps may have one name: stamps tell whose it is, not names', () => {
  expect(claimName('data', 'x-y', 0)).toBe(claimName('data-x', 'y', 0));
});
