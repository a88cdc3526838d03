import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { createTransport } from '../../src/kube/undici-transport.ts';

let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kube-home-'));
  vi.stubEnv('HOME', home);
  vi.stubEnv('KUBECONFIG', '');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

function write(path: string, server: string, current = 'x'): string {
  const config = {
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [
      { name: 'x', context: { cluster: 'c', user: 'u' } },
      { name: 'y', context: { cluster: 'missing', user: 'u' } },
    ],
    'current-context': current,
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test('KUBECONFIG comes first', () => {
  mkdirSync(join(home, '.kube'));
  write(join(home, '.kube', 'config'), 'https://home:1');
  vi.stubEnv('KUBECONFIG', write(join(home, 'env'), 'https://env:1'));
  expect(loadKubeConfig().getCurrentCluster()?.server).toBe('https://env:1');
});

test('then ~/.kube/config', () => {
  mkdirSync(join(home, '.kube'));
  write(join(home, '.kube', 'config'), 'https://home:1');
  expect(loadKubeConfig().getCurrentCluster()?.server).toBe('https://home:1');
});

test('when there is nothing the error says what was looked for', () => {
  expect(() => loadKubeConfig()).toThrow(
    /no Kubernetes configuration: KUBECONFIG is not set, ~\/\.kube\/config does not/,
  );
});

test('a KUBECONFIG that names no file is an error that names it', () => {
  vi.stubEnv('KUBECONFIG', join(home, 'nowhere'));
  expect(() => loadKubeConfig()).toThrow(
    `cannot read the Kubernetes configuration (KUBECONFIG=${join(home, 'nowhere')})`,
  );
});

test.each([
  { current: 'z', text: 'has no cluster for its current context "z"; it has the contexts ["x","y"]' },
  { current: 'y', text: 'has no cluster for its current context "y"' },
])('a current context $current that leads nowhere is an error that says so', ({ current, text }) => {
  vi.stubEnv('KUBECONFIG', write(join(home, 'env'), 'https://env:1', current));
  expect(() => loadKubeConfig()).toThrow(text);
});

test('a context may be picked', () => {
  vi.stubEnv('KUBECONFIG', write(join(home, 'env'), 'https://env:1', 'y'));
  expect(loadKubeConfig('x').getCurrentCluster()?.server).toBe('https://env:1');
});

test.each(['not a url', 'ftp://x'])('a server %j is refused when the transport is made', (server) => {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: false }, { name: 'u' });
  expect(() => createTransport({ kubeConfig: config })).toThrow('which is no http(s) URL');
});
