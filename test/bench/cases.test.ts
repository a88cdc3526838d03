// What runs under which circumstances.
import { expect, test } from 'vitest';
import { casesFor } from '../../bench/cases/all.ts';

test.each(['full', 'quick'] as const)(
  '%s: nobody binds claims where the creation of apps is measured, and there alone',
  (extent) => {
    const unbound = casesFor([], extent).filter(({ bindsClaims }) => !bindsClaims);
    expect(unbound.map(({ name }) => name)).toEqual(['parallel', 'ordered-50', 'ordered-200', 'fleet', 'broken']);
  },
);
