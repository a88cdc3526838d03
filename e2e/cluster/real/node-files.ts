// Writes what a node needs on disk before its first start: configuration, identities, and the folder that is its disk.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identities } from '../identities.ts';
import { nodeAddress } from './addresses.ts';
import {
  cniConfig,
  containerdConfig,
  DISK_FOLDERS,
  DISK_LINKS,
  kubeletConfig,
  type NodePlan,
  proxyConfig,
  runcScript,
} from './node-config.ts';
import { standIn, TUNABLES } from './tunables.ts';

export function writeNodeFiles(plan: NodePlan, identities: Identities): void {
  const { files, name } = plan;
  for (const folder of [files.cniConfig, files.tunables, ...DISK_FOLDERS.map((path) => join(files.disk, path))]) {
    mkdirSync(folder, { recursive: true });
  }
  for (const [link, target] of Object.entries(DISK_LINKS)) symlinkSync(target, join(files.disk, link));
  for (const [setting, value] of Object.entries(TUNABLES)) {
    writeFileSync(join(files.tunables, standIn(setting)), `${value}\n`);
  }
  writeFileSync(files.runc, runcScript(plan), { mode: 0o755 });
  writeFileSync(files.containerdConfig, containerdConfig(plan));
  writeFileSync(join(files.cniConfig, '10-pods.conflist'), cniConfig(plan));
  writeFileSync(files.kubeletConfig, kubeletConfig(plan));
  writeFileSync(files.proxyConfig, proxyConfig(plan));
  const user = { commonName: `system:node:${name}`, organizations: ['system:nodes'] };
  identities.writeKubeconfig(files.kubeletKubeconfig, user);
  identities.writeKubeconfig(files.proxyKubeconfig, { commonName: 'system:kube-proxy' });
  const server = { ...user, hosts: [name, nodeAddress(plan.addresses, plan.index)] };
  identities.writePair({ certificate: files.certificate, key: files.key }, server);
}
