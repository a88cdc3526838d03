/**
 * The one seam towards the API server: a request goes in, a status and a stream of bytes come out. The undici transport
 * and the simulator both implement it; client and watch know nothing else.
 *
 * Promises of an implementation: `request` resolves once the status and headers are in, whatever the status is; it
 * rejects with a KubeError when there was no answer; an abort of `signal` ends both the wait and the body.
 * Lacks on purpose: JSON, retries (save one after refreshed credentials), and any idea of what a path means.
 */

/**
 * Which connections a request may use. A watch holds its socket for minutes, and a Lease renewal must not queue behind
 * either kind, so each has its own.
 */
export type Lane = 'request' | 'watch' | 'lease';

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Already encoded, with the query string, and relative to the server's base: `/api/v1/pods?limit=1`. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /** The longest silence allowed on the response body. */
  readonly idleTimeoutMs?: number;
  readonly lane?: Lane;
  /**
   * Called synchronously directly before the first byte of each attempt is written, if time may have passed since
   * `request` was called (credentials, a queue for a connection, a handshake). When it throws, nothing is sent and
   * `request` rejects with what it threw. A transport that sends at once need not call it.
   */
  readonly beforeSend?: () => void;
}

export interface KubeResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Transport {
  request(request: KubeRequest): Promise<KubeResponse>;
  /** Ends everything in flight. */
  close(): Promise<void>;
}
