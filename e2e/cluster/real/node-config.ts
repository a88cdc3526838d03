// The configuration files of a node's programs. Pure: what they say follows from the cluster's addresses and the node's
// place in it. Paths below /var and /run are the node's own; all others are this machine's.
import { stringify } from 'yaml';
import { type Addresses, DNS_SERVICE, nodeAddress, podRange } from './addresses.ts';
import { type NodeFiles, PROVISIONER_FOLDER, volumesFolder } from './files.ts';
import { quote } from './shell.ts';
import { BOOT_ID, standIn, TUNABLES } from './tunables.ts';

export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';

export interface NodePlan {
  readonly name: string;
  readonly index: number;
  readonly addresses: Addresses;
  readonly clusterDir: string;
  readonly files: NodeFiles;
  readonly authority: string;
  /** The image that holds a pod's namespaces. */
  readonly sandboxImage: string;
  readonly runc: string;
  readonly shim: string;
  readonly pause: string;
  readonly ctr: string;
  readonly cniPlugins: string;
  /** How long the lease lasts that the kubelet renews, four times in that time. */
  readonly leaseSeconds: number;
}

export function cgroupOf({ addresses, name }: Pick<NodePlan, 'addresses' | 'name'>): string {
  return `${addresses.id}/${name}`;
}

/** Shell code that makes the place a node of its own, in fresh namespaces. */
export function prepareScript({ name, files, clusterDir }: NodePlan): string {
  const settings = [...Object.keys(TUNABLES), BOOT_ID];
  return [
    'mount --make-rshared /',
    `mount --bind ${quote(files.disk)} /var`,
    'mount -t tmpfs -o mode=0755 tmpfs /run', // a power cut empties it
    'mkdir -p /run/lock /run/netns',
    `mount --bind ${quote(volumesFolder(clusterDir))} ${PROVISIONER_FOLDER}`,
    ...settings.map((setting) => `mount --bind ${quote(`${files.tunables}/${standIn(setting)}`)} /proc/${setting}`),
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    `echo ${name} > /proc/sys/kernel/hostname`,
  ].join('\n');
}

/** What a folder for /var needs before the node's first start: folders, and links as name -> target. */
export const DISK_FOLDERS = ['lib/kubelet', 'lib/containerd', 'lib/cni', 'log/pods', 'log/containers', 'tmp'];
export const DISK_LINKS: Readonly<Record<string, string>> = { run: '/run', lock: '/run/lock' };

export function containerdConfig({ files, sandboxImage, shim, cniPlugins }: NodePlan): string {
  return `version = 3
root = '/var/lib/containerd'
state = '/run/containerd'
disabled_plugins = [
  'io.containerd.nri.v1.nri', 'io.containerd.internal.v1.tracing', 'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.snapshotter.v1.btrfs', 'io.containerd.snapshotter.v1.devmapper', 'io.containerd.snapshotter.v1.zfs',
  'io.containerd.snapshotter.v1.blockfile', 'io.containerd.snapshotter.v1.erofs',
]

[grpc]
address = '${CONTAINERD_SOCKET}'

[plugins.'io.containerd.internal.v1.opt']
path = '/var/lib/containerd/opt'

[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '${sandboxImage}'

[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'
runtime_path = '${shim}'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
SystemdCgroup = false
BinaryName = '${files.runc}'

[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ['${cniPlugins}']
conf_dir = '${files.cniConfig}'
use_internal_loopback = true
`;
}

/**
 * runc, and before each container it creates, new volumes are opened for all users, as the provisioners of test clusters
 * do (kube-controller-manager's own makes them for root alone, and a kubelet does not apply fsGroup to host paths). Only
 * untouched ones: a database that made its folder its own finds it as it left it.
 */
export function runcScript({ runc }: Pick<NodePlan, 'runc'>): string {
  return `#!/bin/sh
case " $* " in
*" create "*) find ${PROVISIONER_FOLDER} -mindepth 1 -maxdepth 1 -type d -user 0 -perm 0750 -exec chmod 0777 {} + ;;
esac
exec ${quote(runc)} "$@"
`;
}

/** ptp, not bridge: packets between pods of one node pass kube-proxy's rules, so Services work among them too. */
export function cniConfig({ addresses, index }: NodePlan): string {
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet: podRange(addresses, index) }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return JSON.stringify({ cniVersion: '1.0.0', name: 'pods', plugins: [{ type: 'ptp', ipMasq: false, ipam }] });
}

export function kubeletConfig(plan: NodePlan): string {
  const { files, authority, leaseSeconds } = plan;
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: authority } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: files.certificate,
    tlsPrivateKeyFile: files.key,
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    clusterDNS: [DNS_SERVICE],
    clusterDomain: 'cluster.local',
    resolvConf: '', // the machine's name servers are out of reach
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroupOf(plan)}`,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0, // less needs a right that containers, where this may run, lack
    // Disks and memory are shared with the machine: how full they are says nothing about the node.
    evictionHard: {
      'imagefs.available': '0%',
      'memory.available': '0%',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    makeIPTablesUtilChains: false,
    nodeLeaseDurationSeconds: leaseSeconds,
    serializeImagePulls: false,
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    logging: { verbosity: 2 },
  });
}

export function kubeletArguments({ name, index, addresses, files }: NodePlan): readonly string[] {
  const zone = `zone-${['a', 'b', 'c'][index % 3]}`;
  return [
    `--config=${files.kubeletConfig}`,
    `--kubeconfig=${files.kubeletKubeconfig}`,
    `--hostname-override=${name}`,
    `--node-ip=${nodeAddress(addresses, index)}`,
    `--node-labels=topology.kubernetes.io/zone=${zone}`,
  ];
}

export function proxyConfig({ name, addresses, files }: NodePlan): string {
  return stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    hostnameOverride: name,
    clusterCIDR: addresses.pods,
    clientConnection: { kubeconfig: files.proxyKubeconfig },
    oomScoreAdj: 0,
    // These settings belong to the whole machine.
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  });
}
