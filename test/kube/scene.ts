/**
 * A scripted server, the real transport to it, and a clock that stands still; cleaned up when the test ends.
 */
import { onTestFinished } from 'vitest';
import type { Transport } from '../../src/kube/transport.ts';
import { createTransport } from '../../src/kube/undici-transport.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { type RecordedWatch, type RecordOptions, recordWatch } from './recorded-watch.ts';
import { endOfList } from './samples.ts';
import { plainConfig, type ScriptedRequest, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

export interface Scene {
  readonly server: ScriptedServer;
  readonly transport: Transport;
  readonly clock: FakeClock;
}

export interface WatchScene extends Scene {
  readonly watch: RecordedWatch;
}

export async function startScene(): Promise<Scene> {
  const server = await startScriptedServer();
  const clock = createFakeClock();
  const transport = createTransport({ kubeConfig: plainConfig(server.url), clock });
  onTestFinished(async () => {
    await transport.close();
    await server.close();
  });
  return { server, transport, clock };
}

export async function startWatch(options: Partial<RecordOptions> = {}): Promise<WatchScene> {
  const scene = await startScene();
  const watch = recordWatch({ transport: scene.transport, clock: scene.clock, ...options });
  // Before the server goes, or the watch would see it go.
  onTestFinished(() => watch.stop());
  return { ...scene, watch };
}

/** A watch that has listed these objects at this resourceVersion; `stream` is its open connection. */
export async function startSyncedWatch(
  lines: readonly unknown[],
  resourceVersion: string,
  options: Partial<RecordOptions> = {},
): Promise<WatchScene & { stream: ScriptedRequest }> {
  const scene = await startWatch(options);
  const stream = await scene.server.next();
  stream.stream(...lines, endOfList(resourceVersion));
  await scene.watch.saw('synced');
  return { ...scene, stream };
}

/** Lets the watch's pause of this length pass. */
export async function passPause(clock: FakeClock, ms: number): Promise<void> {
  await clock.armed(ms);
  clock.advance(ms);
}
