// npm run demo: the operator at work on a local cluster, shown and checked (flags.ts says how). Only the frame is here:
// signals, exit codes, what is left running. Whatever was started is ended, on ^C too; when the demo is killed, the
// cluster's watchdog does it, but for --keep.
import { constants } from 'node:os';
import { type Flags, readFlags, USAGE, UsageError } from './flags.ts';
import { type Outcome, play } from './play.ts';
import { Screen } from './screen.ts';
import { downCommand, prepareSetting, type Setting } from './setting.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function run({ keep }: Flags): Promise<number> {
  const screen = new Screen(process.stdout, process.env);
  const endings: (() => Promise<void>)[] = [];
  const stop = new AbortController();
  const perform = async (): Promise<boolean> => {
    screen.line(
      screen.paint('bold', 'StatefulApp: stable names, DNS entries and volumes on a real Kubernetes API server'),
    );
    const progress = (line: string) => screen.progress(line);
    const setting = await prepareSetting({ keep, progress, endings, signal: stop.signal });
    const startedAfter = screen.seconds;
    const outcome = await play(setting, screen);
    screen.line(`\n${summary(outcome, startedAfter, screen.seconds)}`);
    if (keep) {
      screen.line(usage(setting));
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

function usage({ cluster, operator }: Setting): string {
  return `
The cluster and the operator go on running. Use them in any shell:
  export KUBECONFIG='${cluster.kubeconfig}'
  export PATH='${cluster.dir}/bin':"$PATH"
  kubectl get sapp,pods,pvc
  kubectl scale sapp web --replicas=4
The same two settings: eval "$(npm run -s cluster -- env --name demo)"
Names of the cluster: DNS on 127.0.0.1 port ${cluster.dnsPort}, for example web-0.web.default.svc.cluster.local
Log of the operator (pid ${operator.id.pid}): ${operator.logFile}
End both, and delete their data: ${downCommand()}`;
}

try {
  const flags = readFlags(process.argv.slice(2));
  if (flags === null) console.log(USAGE);
  else process.exit(await run(flags));
} catch (error) {
  console.error(error instanceof UsageError ? `${text(error)}\n\n${USAGE}` : text(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
