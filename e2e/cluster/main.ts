// npm run cluster -- up | down | env | status: the local cluster for people. Only words here; the work is in cluster.ts.
import { parseArgs } from 'node:util';
import { type Command, down, env, status, up } from './commands.ts';

const USAGE = `Usage: npm run cluster -- <command> [options]

  up       start a local Kubernetes cluster with fake nodes; waits until pods can run
  env      print the shell settings that make kubectl use it:  eval "$(npm run -s cluster -- env)"
  status   show each component: process, port, health
  down     end it and delete its data

  --name NAME   which cluster (default: dev); several run side by side
  --nodes N     up: fake nodes (default: 3)
  --audit       up: write an audit log`;

const COMMANDS: Readonly<Record<string, Command>> = { up, down, env, status };

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      name: { type: 'string', default: 'dev' },
      nodes: { type: 'string', default: '3' },
      audit: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [verb, ...rest] = positionals;
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const command = verb === undefined ? undefined : COMMANDS[verb];
  if (verb === undefined || command === undefined || !Object.hasOwn(COMMANDS, verb)) {
    throw new UsageError(verb === undefined ? 'Which command?' : `There is no command '${verb}'.`);
  }
  if (rest.length > 0) throw new UsageError(`'${verb}' takes no further words, but got '${rest.join(' ')}'.`);
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(values.name)) {
    throw new UsageError(`--name '${values.name}' is not a name: up to 32 lower-case letters, digits and dashes.`);
  }
  const nodes = Number(values.nodes);
  if (!/^\d+$/.test(values.nodes) || nodes > 5000)
    throw new UsageError(`--nodes '${values.nodes}' is not a number from 0 to 5000.`);
  return command({ name: values.name, nodes, audit: values.audit });
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
