// The commands of `npm run cluster` that concern nodes that run containers: real ones, and those of kind.
import { existsSync } from 'node:fs';
import { isKind, type Request, runningState } from './commands.ts';
import { clusterFolder } from './folders.ts';
import { kindNode } from './kind/cluster.ts';
import { importCommand } from './kind/commands.ts';
import type { NodeActions } from './node-cluster.ts';
import { type RealNode, realNode } from './real/node.ts';
import { nodeNames, readRealState } from './real/state.ts';
import { run } from './run.ts';

type NodeVerb = 'partition' | 'heal' | 'kill' | 'restart';

const DONE: Readonly<Record<NodeVerb, string>> = {
  partition: 'is cut off; what runs on it goes on. Undo: node heal',
  heal: 'is connected again.',
  kill: 'is off. Undo: node restart',
  restart: 'is on again; its kubelet reports in a moment.',
};

/** node VERB NAME */
export async function node({ name, words }: Request): Promise<number> {
  const [verb = '', target = ''] = words;
  if (!isNodeVerb(verb)) throw new Error(`'node' can ${Object.keys(DONE).join(', ')}, but not '${verb}'.`);
  const found: NodeActions = isKind(clusterFolder(name)) ? kindNode(target) : realNodeOf(name, target);
  await found[verb]();
  console.log(`${target} ${DONE[verb]}`);
  return 0;
}

/** image import FILE */
export async function image({ name, words }: Request): Promise<number> {
  const [verb, file = ''] = words;
  if (verb !== 'import') throw new Error(`'image' can import, but not '${verb}'.`);
  if (!existsSync(file)) throw new Error(`There is no file ${file} to import.`);
  const dir = clusterFolder(name);
  if (isKind(dir)) {
    await run(importCommand(name, file));
    console.log(`All nodes have the images of ${file}.`);
    return 0;
  }
  const nodes = realNodes(name).filter((candidate) => candidate.isRunning());
  await Promise.all(nodes.map((candidate) => candidate.importImage(file)));
  console.log(`${nodes.map((candidate) => candidate.name).join(', ')} have the images of ${file}.`);
  return 0;
}

function realNodes(name: string): readonly RealNode[] {
  const { dir } = runningState(name);
  if (readRealState(dir) === undefined) {
    throw new Error(`Cluster ${name} has fake nodes, which run nothing. End it, and start it with: up --nodes 3.`);
  }
  return nodeNames(dir).map((known) => realNode(dir, known));
}

function realNodeOf(name: string, target: string): RealNode {
  const nodes = realNodes(name);
  const found = nodes.find((candidate) => candidate.name === target);
  if (found !== undefined) return found;
  throw new Error(`Cluster ${name} has no node ${target}. Its nodes: ${nodes.map((known) => known.name).join(', ')}.`);
}

function isNodeVerb(verb: string): verb is NodeVerb {
  return Object.hasOwn(DONE, verb);
}
