// npm run demo: the operator at work on a local cluster, shown and checked (flags.ts says how). Only the frame is here: which
// API server it is, signals, exit codes, what is left running. Whatever was started is ended, on ^C too; when the demo is killed, the
// cluster's watchdog does it, but for --keep.
import { constants } from 'node:os';
import { type Flags, readFlags, USAGE, UsageError } from './flags.ts';
import { prepareInProcessSetting } from './in-process-setting.ts';
import { type Outcome, play } from './play.ts';
import { lackOfPrograms } from './programs.ts';
import { prepareRealSetting } from './real-setting.ts';
import { Screen } from './screen.ts';

const REAL = 'StatefulApp: stable names, DNS entries and volumes on a real Kubernetes API server';
const MODEL =
  'the same scenes run on an API server in memory, which is a model. The operator is the real one; DNS, kubectl and access rights are left out.';
const WAYS_ON =
  'For a real one, install Go 1.26 or newer (https://go.dev/dl), or see docs/local-cluster.md for where programs may come from.\n`npm run cluster -- up` says all that was tried.';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function run(flags: Flags): Promise<number> {
  const screen = new Screen(process.stdout, process.env);
  const endings: (() => Promise<void>)[] = [];
  const stop = new AbortController();
  const perform = async (): Promise<boolean> => {
    const makeshift = await whyInMemory(flags);
    stop.signal.throwIfAborted();
    screen.line(screen.paint('bold', makeshift ?? REAL));
    const preparation = { progress: (line: string) => screen.progress(line), endings, signal: stop.signal };
    const setting =
      makeshift === undefined
        ? await prepareRealSetting(preparation, flags.keep)
        : await prepareInProcessSetting(preparation);
    const startedAfter = screen.seconds;
    const outcome = await play(setting, screen);
    screen.line(`\n${summary(outcome, startedAfter, screen.seconds)}`);
    if (setting.remains !== undefined) {
      screen.line(setting.remains);
      endings.length = 0;
    }
    return outcome.passed === outcome.scenes;
  };
  let isGood = false;
  try {
    isGood = await Promise.race([perform(), interruption(stop)]);
  } catch (error) {
    screen.freeze();
    screen.line(stop.signal.aborted ? `\n${stop.signal.reason}: ending what was started …` : `\n${text(error)}`);
  }
  screen.close();
  const endedWell = await endAll(endings);
  if (stop.signal.aborted) return 128 + constants.signals[stop.signal.reason as (typeof SIGNALS)[number]];
  return isGood && endedWell ? 0 : 1;
}

/**
 * The first lines when it has to be the API server in memory, or shall be; else undefined. Until this is known nothing goes to
 * the standard output: what the search for programs says goes beside it.
 */
async function whyInMemory({ keep, inMemory }: Flags): Promise<string | undefined> {
  if (inMemory) return `As asked for by --in-memory, ${MODEL}\nWithout the flag it is a real one.`;
  if (keep || process.env['STATEFULAPP_REQUIRE_CLUSTER']) return undefined;
  const lack = await lackOfPrograms(process.env, (line) => console.error(line));
  if (lack === undefined) return undefined;
  return `No real API server could be found, downloaded or built here (${lack}): ${MODEL}\n${WAYS_ON}`;
}

/** Each has its turn, whatever becomes of the others. */
async function endAll(endings: (() => Promise<void>)[]): Promise<boolean> {
  let endedWell = true;
  for (let end = endings.pop(); end !== undefined; end = endings.pop()) {
    await end().catch((error: unknown) => {
      endedWell = false;
      console.error(`✗ ${text(error)}`);
    });
  }
  return endedWell;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Rejects at the first signal; the ones after it change nothing, since ending takes but a moment. */
function interruption(stop: AbortController): Promise<never> {
  return new Promise((_resolve, reject) => {
    const interrupt = (name: string) => {
      stop.abort(name);
      reject(new Error(name));
    };
    for (const name of SIGNALS) process.on(name, interrupt);
    process.stdout.on('error', () => interrupt('SIGHUP')); // nobody reads any more
  });
}

function summary({ passed, scenes, requests }: Outcome, startedAfter: number, seconds: number): string {
  const time = `in ${seconds.toFixed(1)} s, ${startedAfter.toFixed(1)} s of them to start the cluster and the operator`;
  const made =
    requests === undefined
      ? ''
      : `\nFor the first 3 members the operator made ${requests} requests, ${(requests / 3).toFixed(1)} per member (without watches and its Lease).`;
  if (passed === scenes) return `${passed} of ${scenes} scenes passed ${time}.${made}`;
  return `Scene ${passed + 1} of ${scenes} is not as promised, see ✗ above; ${passed} passed ${time}.`;
}

try {
  const flags = readFlags(process.argv.slice(2));
  if (flags === null) console.log(USAGE);
  else process.exit(await run(flags));
} catch (error) {
  console.error(error instanceof UsageError ? `${text(error)}\n\n${USAGE}` : text(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
