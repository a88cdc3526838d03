import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apiVersionOf, RESOURCES, resourcePath, withQuery } from '../../src/kube/resources.ts';

const { pods, nodes, leases, controllerrevisions } = RESOURCES;

test.each([
  { resource: pods, target: {}, path: '/api/v1/pods' },
  { resource: pods, target: { namespace: 'a' }, path: '/api/v1/namespaces/a/pods' },
  { resource: pods, target: { namespace: 'a', name: 'b' }, path: '/api/v1/namespaces/a/pods/b' },
  {
    resource: pods,
    target: { namespace: 'a', name: 'b', subresource: 'status' },
    path: '/api/v1/namespaces/a/pods/b/status',
  },
  { resource: nodes, target: { name: 'n' }, path: '/api/v1/nodes/n' },
  {
    resource: leases,
    target: { namespace: 'a', name: 'b' },
    path: '/apis/coordination.k8s.io/v1/namespaces/a/leases/b',
  },
  {
    resource: controllerrevisions,
    target: { namespace: 'a' },
    path: '/apis/apps/v1/namespaces/a/controllerrevisions',
  },
])('$path', ({ resource, target, path }) => {
  expect(resourcePath(resource, target)).toBe(path);
});

test('no name or namespace, however hostile, changes which object a path names', () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.constantFrom('..', '.', '../x', 'a/b', 'a?b', 'a#b', 'a%2fb', 'a;b', '\u0000', 'ä'),
  );
  fc.assert(
    fc.property(hostile, hostile, (namespace, name) => {
      let path: string;
      try {
        path = resourcePath(pods, { namespace, name });
      } catch (error) {
        // Names that cannot be, and text that is no Unicode.
        expect(error).toSatisfy((e) => e instanceof TypeError || e instanceof URIError);
        return;
      }
      const url = new URL(path, 'http://server');
      expect(url.pathname).toBe(path);
      expect(url.search + url.hash).toBe('');
      expect(url.pathname.split('/').map(decodeURIComponent)).toEqual([
        '',
        'api',
        'v1',
        'namespaces',
        namespace,
        'pods',
        name,
      ]);
    }),
  );
});

test.each([
  { why: 'an empty name would be the collection', target: { namespace: 'a', name: '' } },
  { why: 'an empty namespace would be all', target: { namespace: '', name: 'b' } },
  { why: '.. would be resolved away', target: { namespace: 'a', name: '..' } },
  { why: 'a pod without a namespace is no address', target: { name: 'b' } },
])('$why: refused before any request', ({ target }) => {
  expect(() => resourcePath(pods, target)).toThrow(TypeError);
});

test('a namespace for what has none is refused', () => {
  expect(() => resourcePath(nodes, { namespace: 'a', name: 'n' })).toThrow('a Node has no namespace, got "a"');
});

test('query values are encoded, absent and empty ones left out', () => {
  expect(withQuery('/p', { a: 'x&y=z #', b: undefined, c: '', d: 0, e: true })).toBe('/p?a=x%26y%3Dz%20%23&d=0&e=true');
  expect(withQuery('/p', { b: undefined })).toBe('/p');
});

test('the core group has no slash in its apiVersion', () => {
  expect(apiVersionOf(pods)).toBe('v1');
  expect(apiVersionOf(leases)).toBe('coordination.k8s.io/v1');
});
