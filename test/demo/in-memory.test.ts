// The demo on the API server in memory, as a user runs it: asked for, and as the last resort of a machine without programs
// and without a network.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { prepareInProcessSetting } from '../../e2e/demo/in-process-setting.ts';
import { play } from '../../e2e/demo/play.ts';
import { SCENES } from '../../e2e/demo/scenes.ts';
import { Screen } from '../../e2e/demo/screen.ts';

const DEMO = join(import.meta.dirname, '../../e2e/demo');
const scratch = mkdtempSync(join(tmpdir(), 'statefulapp-demo-test-'));
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL'); // only when its test ran out of time
  rmSync(scratch, { recursive: true, force: true });
});

/** Nothing to find, nothing to download; a Go that is found by its usual path has nothing to build from. */
const BARREN = {
  HOME: scratch,
  PATH: scratch,
  XDG_CACHE_HOME: join(scratch, 'cache'),
  STATEFULAPP_NO_DOWNLOAD: '1',
  GOPROXY: 'off',
  GOTOOLCHAIN: 'local',
  GOMODCACHE: join(scratch, 'modules'),
  GOCACHE: join(scratch, 'builds'),
};

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly leftOver: boolean;
}

interface Run {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Sees what was written so far, and may end the process. */
  readonly watch?: (stdout: string, interrupt: () => void) => void;
}

function node({ args, env = {}, watch = () => {} }: Run): Promise<Ended> {
  // A process group of its own: whoever stays behind can be seen.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    detached: true,
    env: { ...BARREN, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    watch(stdout, () => child.kill('SIGINT'));
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      children.delete(child);
      resolve({ code, stdout, stderr, leftOver: groupExists(child.pid) });
    });
  });
}

function groupExists(pid = 0): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

const main = (...args: readonly string[]) => [join(DEMO, 'main.ts'), ...args];

describe.concurrent('the demo', () => {
  test('asked for: says so first, all scenes pass, nothing is left running', async () => {
    const { code, stdout, stderr, leftOver } = await node({ args: main('--in-memory') });
    expect(stdout.split('\n')[0]).toMatch(
      /^As asked for by --in-memory, the same scenes run on an API server in memory/,
    );
    expect(stdout).toContain(`\n${SCENES.length} of ${SCENES.length} scenes passed in `);
    expect(stdout).not.toContain('✗');
    expect({ code, stderr, leftOver }).toEqual({ code: 0, stderr: '', leftOver: false });
  });

  test('without programs and network: falls back by itself, and its first line says why', async () => {
    const { code, stdout, leftOver } = await node({ args: main() });
    const [first = ''] = stdout.split('\n');
    expect(first).toMatch(/^No real API server could be found, downloaded or built here \(no etcd; /);
    expect(first).toContain('STATEFULAPP_NO_DOWNLOAD=1 forbids it; a Go build');
    expect(first).toContain('in memory, which is a model');
    expect(stdout).toContain(`\n${SCENES.length} of ${SCENES.length} scenes passed in `);
    expect({ code, leftOver }).toEqual({ code: 0, leftOver: false });
  });

  test.each([
    ['a program that a setting names wrongly', [], { STATEFULAPP_BIN_ETCD: '/nowhere' }, 'which is not an executable'],
    ['a cluster that has to be', [], { STATEFULAPP_REQUIRE_CLUSTER: '1' }, 'No etcd'],
    ['a cluster that shall be kept', ['--keep'], { XDG_STATE_HOME: scratch }, 'No etcd'],
  ])('does not fall back for want of %s', async (_what, args, env, message) => {
    const { code, stdout, leftOver } = await node({ args: main(...args), env });
    expect(stdout).toContain(message);
    expect(stdout).not.toContain('in memory');
    expect({ code, leftOver }).toEqual({ code: 1, leftOver: false });
  });

  test('^C ends it', async () => {
    const watch = (stdout: string, interrupt: () => void) => {
      if (stdout.includes('1/4') && !stdout.includes('SIGINT')) interrupt();
    };
    const { code, stdout, leftOver } = await node({ args: main('--in-memory'), watch });
    expect(stdout).toContain('SIGINT: ending what was started');
    expect({ code, leftOver }).toEqual({ code: 130, leftOver: false });
  });

  test('once it is ended no timer keeps the process alive', async () => {
    const script = `
      import { prepareInProcessSetting } from ${JSON.stringify(join(DEMO, 'in-process-setting.ts'))};
      const endings = [];
      const signal = new AbortController().signal;
      const { witness, operator, user } = await prepareInProcessSetting({ progress: () => {}, endings, signal });
      await user.apply(${JSON.stringify(join(DEMO, '../../examples/web.yaml'))});
      const lack = () => (witness.view.pods.size > 0 ? undefined : 'a pod');
      await witness.until(lack, { deadlineMs: 30_000, ended: operator.ended });
      for (const end of endings.reverse()) await end();
      console.log('ended');`;
    const { code, stdout, stderr } = await node({ args: ['--input-type=module', '--eval', script] });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'ended\n', stderr: '' });
  });
});

test('a scene that fails is told, with its circumstances, and the ones after it are not played', async () => {
  const endings: (() => Promise<void>)[] = [];
  const { signal } = new AbortController();
  const setting = await prepareInProcessSetting({ progress: () => {}, endings, signal });
  const written: string[] = [];
  const screen = new Screen({ write: (text) => written.push(text) }, {});
  const user = { ...setting.user, apply: () => Promise.reject(new Error('refused')) };
  const outcome = await play({ ...setting, user }, screen);
  screen.close();
  for (const end of endings.reverse()) await end();
  expect(outcome.passed).toBe(0);
  const text = written.join('');
  expect(text).toContain('✗ refused');
  expect(text).toContain("The end of the operator's log (kept in memory):\n");
  expect(text).not.toContain('2/4');
});
