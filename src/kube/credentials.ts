/**
 * Who we are towards the API server, kept current: tokens and certificates are replaced under a running process.
 *
 * Promises: what `current` answers is at most MAX_AGE_MS old (a service account's token and CA, a kubeconfig and the files
 * it names are read again by then); after a 401 `renewed` reads at once; when reading fails, what worked before is used
 * on, since a file may be caught half replaced.
 * Lacks on purpose: file watching (kubelet swaps directories under symbolic links, which watching misses) and SOCKS.
 */
import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from './clock.ts';
import { requireCluster } from './kubeconfig.ts';

export interface Credentials {
  readonly server: URL;
  readonly proxyUrl: string | undefined;
  /** Authorization and impersonation. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Readonly<Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>>;
  /** Changes when open connections may not be used any longer. */
  readonly connectionKey: string;
}

export interface CredentialSource {
  current(): Promise<Credentials>;
  /** Others than `refused` if there are any by now, else `refused` itself. */
  renewed(refused: Credentials): Promise<Credentials>;
  /** The next `current` reads anew: a connection failed, perhaps because the CA or the server changed. */
  expire(): void;
}

export const MAX_AGE_MS = 60_000;
// A storm of 401s must not become a storm of file reads or plugin runs.
const MIN_RENEWAL_MS = 1_000;
// A file half replaced is whole a moment later.
const RETRY_MS = 5_000;

export function createCredentialSource(load: () => KubeConfig, clock: Clock): CredentialSource {
  let kept: { readonly text: string; readonly config: KubeConfig } | undefined;
  let latest: { readonly credentials: Credentials; readonly readAt: number } | undefined;
  let expired = false;
  let reading: Promise<Credentials> | undefined;

  async function readAnew(runPlugins: boolean): Promise<Credentials> {
    const loaded = load();
    const text = loaded.exportConfig();
    const usable = kept !== undefined && kept.text === text && keepsTokens(loaded) && !runPlugins;
    const config = usable && kept !== undefined ? kept.config : copyOf(loaded);
    const credentials = await credentialsOf(config);
    kept = { text, config };
    return credentials;
  }

  function read(runPlugins: boolean): Promise<Credentials> {
    reading ??= readAnew(runPlugins)
      .then(
        (credentials) => {
          latest = { credentials, readAt: clock.monotonic() };
          return credentials;
        },
        (error: unknown) => {
          if (latest === undefined) throw error;
          latest = { ...latest, readAt: clock.monotonic() - MAX_AGE_MS + RETRY_MS };
          return latest.credentials;
        },
      )
      .finally(() => {
        reading = undefined;
        expired = false;
      });
    return reading;
  }

  const ageMs = () => (latest === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() - latest.readAt);
  return {
    async current() {
      if (latest !== undefined && !expired && ageMs() < MAX_AGE_MS) return latest.credentials;
      return await read(false);
    },
    async renewed(refused) {
      if (latest !== undefined && latest.credentials !== refused && !sameIdentity(latest.credentials, refused)) {
        return latest.credentials;
      }
      if (latest !== undefined && ageMs() < MIN_RENEWAL_MS) return refused;
      const fresh = await read(true);
      return sameIdentity(fresh, refused) ? refused : fresh;
    },
    expire() {
      expired = true;
    },
  };
}

function sameIdentity(a: Credentials, b: Credentials): boolean {
  return a.connectionKey === b.connectionKey && JSON.stringify(a.headers) === JSON.stringify(b.headers);
}

/** Exec plugins and OIDC keep a token in the KubeConfig until it expires; asking again each minute would be slow. */
function keepsTokens(config: KubeConfig): boolean {
  const user = config.getCurrentUser();
  if (user?.exec) return true;
  return Boolean(user?.authProvider) && !user?.authProvider?.config?.tokenFile;
}

/** A copy has read nothing yet; client-node would hold on to a token file's content for a minute of its own. */
function copyOf(config: KubeConfig): KubeConfig {
  const copy = new KubeConfig();
  const anonymous = config.getCurrentUser() ? [] : [{ name: 'anonymous' }];
  copy.loadFromOptions({
    clusters: config.getClusters(),
    // client-node skips the CA too when there is no user.
    users: [...config.getUsers(), ...anonymous],
    contexts: config
      .getContexts()
      .map((context) =>
        anonymous.length > 0 && context.name === config.getCurrentContext()
          ? { ...context, user: 'anonymous' }
          : context,
      ),
    currentContext: config.getCurrentContext(),
  });
  return copy;
}

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const { server, proxyUrl } = requireCluster(config);
  if (proxyUrl?.startsWith('socks')) throw new Error(`the proxy ${proxyUrl} cannot be used: SOCKS is not supported`);
  const options: RequestOptions = {};
  // Without TLS nothing secret is sent (client-go tools/clientcmd/client_config.go, ClientConfig).
  if (server.protocol === 'https:') await config.applyToHTTPSOptions(options);
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const tls = { ca, cert, key, servername, rejectUnauthorized };
  const known = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined && value !== null));
  return {
    server,
    proxyUrl,
    headers: headersOf(options),
    tls: known,
    connectionKey: createHash('sha256')
      .update(JSON.stringify([server.href, proxyUrl, known]))
      .digest('hex'),
  };
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const result: Record<string, string> = {};
  if (typeof auth === 'string') result['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  for (const [name, value] of Object.entries(headers ?? {})) {
    // A token file often ends in a newline, which no header may contain.
    if (value !== undefined && value !== null) result[name.toLowerCase()] = String(value).trim();
  }
  return result;
}
