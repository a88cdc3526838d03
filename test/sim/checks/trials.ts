// What a process was answered when it asked whether the API server would take a pod: by a dry run, or by making it.

import type { Answer, Call } from '../server/types.ts';
import { fieldOf } from './facts.ts';

interface Trial {
  readonly atMs: number;
  readonly revision: string;
  /** What was said against it; an answer that says nothing, or none, does not forbid. */
  no: string | undefined;
}

/** Of a template, under the name that its revision would have. */
export interface TemplateTrial {
  readonly atMs: number;
  readonly name: string;
  answer: Answer | undefined;
}

const REFUSALS = [400, 403, 404, 422];

export class Trials {
  readonly #tried = new Map<string, Trial>();
  readonly #calls = new WeakMap<Call, Trial>();
  readonly #refused = new Set<string>();
  readonly #templates: TemplateTrial[] = [];
  readonly #templateCalls = new WeakMap<Call, TemplateTrial>();

  sent(call: Call, atMs: number): void {
    if (isTemplateTrial(call)) {
      const tried: TemplateTrial = { atMs, name: String(fieldOf(call.body, 'metadata', 'name')), answer: undefined };
      this.#templates.push(tried);
      this.#templateCalls.set(call, tried);
    }
    if (!isTrial(call)) return;
    const trial = { atMs, revision: revisionIn(call), no: undefined };
    this.#tried.set(keyOf(call), trial);
    this.#calls.set(call, trial);
  }

  answered(call: Call, { status, body }: Answer): void {
    const template = this.#templateCalls.get(call);
    if (template !== undefined) template.answer = { status, body };
    if (call.verb !== 'create' || call.plural !== 'pods') return;
    const words = String(fieldOf(body, 'message'));
    // Whoever asks for CPU asks for more than any pod that is there (chaos/neighbours.ts).
    const isUnclear =
      /exceeded quota|does not support dry run/.test(words) && !words.includes('requested: requests.cpu');
    const says = REFUSALS.includes(status) && !isUnclear;
    const trial = this.#calls.get(call);
    if (trial !== undefined && says) trial.no = words;
    if (trial === undefined && says) this.#refused.add(keyOf(call));
  }

  /** Why a pod of this name cannot be followed by one of these revisions, as far as this process has asked since. */
  against(key: string, revisions: readonly string[], sinceMs: number): string | undefined {
    const trial = this.#tried.get(key);
    if (trial === undefined || trial.atMs < sinceMs) return 'its successor was not tried';
    if (!revisions.includes(trial.revision)) return `its successor was tried at revision ${trial.revision}`;
    return trial.no === undefined ? undefined : `its successor was refused: ${trial.no}`;
  }

  templatesSince(ms: number): readonly Readonly<TemplateTrial>[] {
    return this.#templates.filter(({ atMs }) => atMs >= ms);
  }

  /** Once a pod of this name was refused for what it is. */
  wasRefused(key: string): boolean {
    return this.#refused.has(key);
  }
}

/** By whoever is to be told of misspelt fields. */
const isTemplateTrial = ({ verb, plural, query }: Call) =>
  verb === 'create' && plural === 'podtemplates' && query['dryRun'] === 'All' && query['fieldValidation'] === 'Strict';

const isTrial = ({ verb, plural, query }: Call) =>
  verb === 'create' && plural === 'pods' && query['dryRun'] !== undefined;

const keyOf = ({ namespace, body }: Call) => `pods/${namespace ?? ''}/${String(fieldOf(body, 'metadata', 'name'))}`;

const revisionIn = ({ body }: Call) => String(fieldOf(body, 'metadata', 'labels', 'controller-revision-hash'));
