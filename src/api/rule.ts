// A rule that the shape cannot express, written twice side by side: in CEL, for the API server, and in TypeScript, for
// the operator, which also meets objects stored before the rule existed. test/api tries both on the same rows.
import type { z } from 'zod';

/** `Self` is the value the rule stands on, defaults filled in; `cel` sees the same value as `self`. */
export interface Rule<Self> {
  readonly cel: string;
  /** A sentence for users: what, why, what to do. */
  readonly message: string;
  /** Where the fault is, below the value: `['spec', 'restartPolicy']`. */
  readonly at?: readonly string[];
  /**
   * CEL that implies the rule, holds for nearly all objects and costs little: it is tried first. Every rule is evaluated at every
   * write, of the status too, and each step below `self` makes the API server copy the schemas of all fields beside the one
   * it takes (apiextensions-apiserver pkg/apiserver/schema/cel/model, Structural.Properties).
   */
  readonly mostly?: string;
  /**
   * CEL that is true when an update does not make the matter worse (`oldSelf` is the stored value). For rules on the whole
   * object, which changes with every status write: the API server ratchets only values that did not change.
   */
  readonly unless?: string;
  readonly holds: (self: Self) => boolean;
}

/** A rule on updates: CEL reads `oldSelf`; the operator, which sees no old object, does not check it. */
export interface Immutable<Self> extends Omit<Rule<Self>, 'holds' | 'unless'> {
  readonly holds: (self: Self, before: Self) => boolean;
}

const pathTo = (at: readonly string[] | undefined) => (at ? { fieldPath: at.map((step) => `.${step}`).join('') } : {});

function twin(rule: Rule<never>): object {
  const { message, at, unless } = rule;
  const where = { message, ...pathTo(at) };
  if (unless === undefined) return { rule: celOf(rule), ...where };
  const calm = unless === 'true' ? 'oldSelf.hasValue()' : `oldSelf.hasValue() && ${unless}`;
  return { rule: celOf({ ...rule, cel: `${calm} || (${rule.cel})` }), ...where, optionalOldSelf: true };
}

function celOf({ cel, mostly }: Pick<Rule<never>, 'cel' | 'mostly'>): string {
  return mostly === undefined ? cel : `${mostly} || ${cel}`;
}

/** The schema with its rules: zod checks them when the shape is right, the CRD carries them as CEL. */
export function ruled<S extends z.ZodType>(
  schema: S,
  rules: readonly Rule<z.output<S>>[],
  fixed: readonly Immutable<z.output<S>>[] = [],
): S {
  const checked = schema.superRefine((self, context) => {
    for (const { message, at, holds } of rules) {
      if (!holds(self)) context.addIssue({ code: 'custom', message, path: [...(at ?? [])] });
    }
  });
  const cel = fixed.map(({ message, at, ...rule }) => ({
    rule: celOf(rule),
    message,
    reason: 'FieldValueForbidden',
    ...pathTo(at),
  }));
  return checked.meta({ 'x-kubernetes-validations': [...rules.map(twin), ...cel] });
}
