// npm run cluster -- up | down | env | status | node | image: the local cluster for people. Only words here; the work is
// in cluster.ts, real/ and kind/.
import { parseArgs } from 'node:util';
import { type Command, down, env, type NodeKind, type Request, status, up } from './commands.ts';
import { image, node } from './node-commands.ts';

const USAGE = `Usage: npm run cluster -- <command> [options]

  up       start a local Kubernetes cluster; waits until pods can run
  env      print the shell settings that make kubectl use it:  eval "$(npm run -s cluster -- env)"
  status   show each component and node: process, port, health
  down     end it and delete its data
  node partition|heal|kill|restart NAME    of real nodes: pull the cable, put it back, cut the power, switch on again
  image import FILE                        make the images of an archive (docker save) known to all real nodes

  --name NAME       which cluster (default: dev); several run side by side
  --nodes N         up: N real nodes, that run containers (Linux, as root)
  --fake-nodes N    up: N fake nodes, that only say so (anywhere; the default: 3)
  --kind            up: with kind and Docker; --nodes N says how many workers (default: 3)
  --image FILE      up: an archive of images that every node gets; may be given several times
  --audit           up: write an audit log`;

interface Verb {
  readonly command: Command;
  /** How many further words it takes. */
  readonly words: number;
}

const VERBS: Readonly<Record<string, Verb>> = {
  up: { command: up, words: 0 },
  down: { command: down, words: 0 },
  env: { command: env, words: 0 },
  status: { command: status, words: 0 },
  node: { command: node, words: 2 },
  image: { command: image, words: 2 },
};
const MOST_FAKE_NODES = 5000;
const MOST_REAL_NODES = 100;

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      name: { type: 'string', default: 'dev' },
      nodes: { type: 'string' },
      'fake-nodes': { type: 'string' },
      kind: { type: 'boolean', default: false },
      image: { type: 'string', multiple: true, default: [] },
      audit: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [word, ...words] = positionals;
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const verb = word !== undefined && Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;
  if (verb === undefined)
    throw new UsageError(word === undefined ? 'Which command?' : `There is no command '${word}'.`);
  if (words.length !== verb.words) {
    throw new UsageError(`'${word}' takes ${verb.words || 'no'} further words, but got '${words.join(' ')}'.`);
  }
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(values.name)) {
    throw new UsageError(`--name '${values.name}' is not a name: up to 32 lower-case letters, digits and dashes.`);
  }
  const { name, audit, image: images } = values;
  return verb.command({ name, audit, images, words, ...nodesOf(values) });
}

interface NodeFlags {
  readonly nodes?: string | undefined;
  readonly 'fake-nodes'?: string | undefined;
  readonly kind: boolean;
}

function nodesOf({ nodes, 'fake-nodes': fake, kind }: NodeFlags): Pick<Request, 'nodes' | 'kind'> {
  if (fake !== undefined && (nodes !== undefined || kind)) {
    throw new UsageError('--fake-nodes goes with neither --nodes nor --kind: choose one.');
  }
  const chosen: NodeKind = kind ? 'kind' : nodes !== undefined ? 'real' : 'fake';
  const [flag, text, least, most] =
    chosen === 'fake' ? ['--fake-nodes', fake, 0, MOST_FAKE_NODES] : ['--nodes', nodes, 1, MOST_REAL_NODES];
  const count = Number(text ?? '3');
  if (!Number.isInteger(count) || text === '' || count < least || count > most) {
    throw new UsageError(`${flag} '${text}' is not a number from ${least} to ${most}.`);
  }
  return { kind: chosen, nodes: count };
}

class UsageError extends Error {}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  const isUsage = error instanceof UsageError || (code ?? '').startsWith('ERR_PARSE_ARGS');
  console.error(isUsage ? `${message}\n\n${USAGE}` : message);
  process.exitCode = isUsage ? 2 : 1;
}
