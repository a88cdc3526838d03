// The command lines for kind: where Docker and kind are, they cannot be tried in these tests, so their words are held.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  createCommand,
  deleteCommand,
  importCommand,
  kindConfig,
  nodeCommand,
  workerNames,
} from '../../e2e/cluster/kind/commands.ts';

test('one control plane, and as many workers as asked for', () => {
  const { kind, apiVersion, nodes } = parse(kindConfig(2));
  expect({ kind, apiVersion }).toEqual({ kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4' });
  expect(nodes).toEqual([{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }]);
});

test('the times asked for reach controllers, API server and kubelets', () => {
  const { kubeadmConfigPatches } = parse(kindConfig(1, { nodeGraceSeconds: 10, tolerationSeconds: 5 }));
  const [cluster, kubelet] = kubeadmConfigPatches.map((patch: string) => parse(patch));
  expect(cluster.controllerManager.extraArgs['node-monitor-grace-period']).toBe('10s');
  expect(cluster.apiServer.extraArgs['default-unreachable-toleration-seconds']).toBe('5');
  expect(kubelet).toEqual({ kind: 'KubeletConfiguration', nodeLeaseDurationSeconds: 8 });
});

test('workers are called what kind calls them', () => {
  expect(workerNames('dev', 3)).toEqual([
    'statefulapp-dev-worker',
    'statefulapp-dev-worker2',
    'statefulapp-dev-worker3',
  ]);
});

test('create, load and delete name the same cluster and kubeconfig', () => {
  expect(createCommand('dev', '/s/dev').join(' ')).toBe(
    'kind create cluster --name statefulapp-dev --config /s/dev/kind.yaml --kubeconfig /s/dev/kubeconfig --wait 120s',
  );
  expect(importCommand('dev', '/tmp/i.tar').join(' ')).toBe(
    'kind load image-archive /tmp/i.tar --name statefulapp-dev',
  );
  expect(deleteCommand('dev', '/s/dev').join(' ')).toBe(
    'kind delete cluster --name statefulapp-dev --kubeconfig /s/dev/kubeconfig',
  );
});

test('heal takes back exactly what partition did', () => {
  const [partition = '', heal = ''] = [nodeCommand('partition', 'w').at(-1), nodeCommand('heal', 'w').at(-1)];
  expect(partition.split(' && ').length).toBe(4);
  expect(heal).toBe(partition.replaceAll('iptables -I', 'iptables -D'));
  expect(nodeCommand('kill', 'w')).toEqual(['docker', 'kill', 'w']);
  expect(nodeCommand('restart', 'w')).toEqual(['docker', 'start', 'w']);
});
