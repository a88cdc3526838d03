// What the local cluster runs: every program with its version, where its official release is, and how Go builds it.
// The one place to change for a new version; the go.mod files under go/ pin the same versions for the build.

export type BinaryName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kubectl'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kwok'
  | 'coredns'
  | 'helm'
  | 'kubelet'
  | 'kube-proxy'
  | 'containerd'
  | 'containerd-shim-runc-v2'
  | 'ctr'
  | 'pause'
  | 'probe';

/** An official release: a plain program, or one file inside a .tar.gz. */
export interface Release {
  readonly url: string;
  /** Published by the project: one hash, or lines of `hash  file`. Without it a download is never used. */
  readonly checksumUrl: string;
  /** The program's path in the archive; absent when `url` is the program itself. */
  readonly member?: string;
}

export interface Binary {
  readonly name: BinaryName;
  /** Part of the cache's folder name, so that a new version never meets an old program. */
  readonly version: string;
  /** Folder under go/ with the go.mod that pins it. */
  readonly module: 'kubernetes' | 'kwok' | 'coredns' | 'containerd' | 'helm' | 'pause' | 'probe';
  readonly goPackage: string;
  readonly ldflags: string;
  /** Measured on two busy cores: what the progress lines promise. */
  readonly coldBuildSeconds: number;
  /** Absent for platforms the project releases nothing for (a kube-apiserver for macOS, say). */
  readonly release: (os: string, arch: string) => Release | undefined;
}

const KUBERNETES = '1.36.3';
const ETCD = '3.6.8';
const KWOK = '0.8.0';
const COREDNS = '1.15.0';
const HELM = '4.3.1';
const CONTAINERD = '2.4.2';
/** Ours, under go/: one more with each change, so that an old one in the cache is not taken for it. */
const OURS = { pause: 1, probe: 2 };

// Without these, kubectl and the checks of version skew see v0.0.0.
const [KUBE_MAJOR, KUBE_MINOR] = KUBERNETES.split('.');
const KUBE_VERSION_PACKAGE = 'k8s.io/component-base/version';
const KUBE_LDFLAGS = [
  `-X ${KUBE_VERSION_PACKAGE}.gitVersion=v${KUBERNETES}`,
  `-X k8s.io/client-go/pkg/version.gitVersion=v${KUBERNETES}`, // the user agent
  `-X ${KUBE_VERSION_PACKAGE}.gitMajor=${KUBE_MAJOR}`,
  `-X ${KUBE_VERSION_PACKAGE}.gitMinor=${KUBE_MINOR}`,
].join(' ');

function kubernetes(name: BinaryName, coldBuildSeconds: number): Binary {
  return {
    name,
    version: `kubernetes-v${KUBERNETES}`,
    module: 'kubernetes',
    goPackage: `k8s.io/kubernetes/cmd/${name}`,
    ldflags: KUBE_LDFLAGS,
    coldBuildSeconds,
    release: (os, arch) => {
      if (os !== 'linux' && name !== 'kubectl') return undefined;
      const url = `https://dl.k8s.io/release/v${KUBERNETES}/bin/${os}/${arch}/${name}`;
      return { url, checksumUrl: `${url}.sha256` };
    },
  };
}

function containerd(name: BinaryName, coldBuildSeconds: number): Binary {
  return {
    name,
    version: `containerd-v${CONTAINERD}`,
    module: 'containerd',
    goPackage: `github.com/containerd/containerd/v2/cmd/${name}`,
    ldflags: `-X github.com/containerd/containerd/v2/version.Version=v${CONTAINERD}`,
    coldBuildSeconds,
    release: (os, arch) => {
      if (os !== 'linux') return undefined;
      const file = `containerd-${CONTAINERD}-${os}-${arch}.tar.gz`;
      const url = `https://github.com/containerd/containerd/releases/download/v${CONTAINERD}/${file}`;
      return { url, checksumUrl: `${url}.sha256sum`, member: `bin/${name}` };
    },
  };
}

function ours(name: keyof typeof OURS, coldBuildSeconds: number): Binary {
  const version = `${name}-v${OURS[name]}`;
  return { name, version, module: name, goPackage: '.', ldflags: '', coldBuildSeconds, release: () => undefined };
}

const ALL: readonly Binary[] = [
  {
    name: 'etcd',
    version: `etcd-v${ETCD}`,
    module: 'kubernetes',
    goPackage: 'go.etcd.io/etcd/server/v3',
    ldflags: '',
    coldBuildSeconds: 60,
    release: (os, arch) => {
      if (os !== 'linux') return undefined; // macOS gets a .zip
      const folder = `etcd-v${ETCD}-${os}-${arch}`;
      const base = `https://github.com/etcd-io/etcd/releases/download/v${ETCD}`;
      return { url: `${base}/${folder}.tar.gz`, checksumUrl: `${base}/SHA256SUMS`, member: `${folder}/etcd` };
    },
  },
  kubernetes('kube-apiserver', 330),
  kubernetes('kubectl', 45),
  kubernetes('kube-controller-manager', 95),
  kubernetes('kube-scheduler', 10),
  kubernetes('kubelet', 50),
  kubernetes('kube-proxy', 20),
  containerd('containerd', 160),
  containerd('containerd-shim-runc-v2', 15),
  containerd('ctr', 15),
  {
    name: 'kwok',
    version: `kwok-v${KWOK}`,
    module: 'kwok',
    goPackage: 'sigs.k8s.io/kwok/cmd/kwok',
    ldflags: `-X sigs.k8s.io/kwok/pkg/consts.Version=v${KWOK}`,
    coldBuildSeconds: 160,
    release: (os, arch) => {
      const url = `https://github.com/kubernetes-sigs/kwok/releases/download/v${KWOK}/kwok-${os}-${arch}`;
      return { url, checksumUrl: `${url}.sha256` };
    },
  },
  {
    name: 'coredns',
    version: `coredns-v${COREDNS}`,
    module: 'coredns',
    goPackage: '.',
    ldflags: '',
    coldBuildSeconds: 120,
    release: (os, arch) => {
      const url = `https://github.com/coredns/coredns/releases/download/v${COREDNS}/coredns_${COREDNS}_${os}_${arch}.tgz`;
      return { url, checksumUrl: `${url}.sha256`, member: 'coredns' };
    },
  },
  {
    name: 'helm',
    version: `helm-v${HELM}`,
    module: 'helm',
    goPackage: 'helm.sh/helm/v4/cmd/helm',
    ldflags: `-X helm.sh/helm/v4/internal/version.version=v${HELM}`,
    coldBuildSeconds: 210,
    release: (os, arch) => {
      const url = `https://get.helm.sh/helm-v${HELM}-${os}-${arch}.tar.gz`;
      return { url, checksumUrl: `${url}.sha256sum`, member: `${os}-${arch}/helm` };
    },
  },
  ours('pause', 5),
  ours('probe', 15),
];

export function binary(name: BinaryName): Binary {
  const found = ALL.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`assertion: no binary ${name} in the catalog`);
  return found;
}

/** The names that releases and Go use for this machine. */
export function platform(): { readonly os: string; readonly arch: string } {
  return { os: process.platform, arch: process.arch === 'x64' ? 'amd64' : process.arch };
}
