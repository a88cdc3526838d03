// The small shapes that spec and status share: bounded integers, label maps, int-or-string.
// Lacks quantities: the operator compares those where it grows volumes, the API server checks them on the claims.
import { z } from 'zod';

/** Nested readonly: objects read from the API server are frozen data, nobody writes into them. */
export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export const MAX_INT32 = 2_147_483_647;

/** RFC 1123 label (apimachinery validation.IsDNS1123Label); at most MAX_DNS_LABEL characters. */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
export const MAX_DNS_LABEL = 63;

/** 1% to 100%, leading zeros included (ValidatePositiveIntOrPercent, IsNotMoreThan100Percent). */
export const PERCENT = /^0*([1-9][0-9]?|100)%$/;

/** A count or a number of seconds: 0..2^31-1. */
export const natural = () => z.int32().min(0);

/** Labels, at most `most` of them: rules in CEL read them, so their cost needs the bounds. */
export function labelMap(most: number) {
  const map = z.record(z.string(), z.string().max(MAX_DNS_LABEL));
  const bounded = map.refine((labels) => Object.keys(labels).length <= most, `must have at most ${most} entries`);
  return bounded.meta({ maxProperties: most });
}

/** An integer or a string: `maxUnavailable`. Its bounds are a rule, as a CRD has no `minimum` beside `anyOf`. */
export const intOrString = () => z.union([z.int32(), z.string().max(16)]).meta({ 'x-kubernetes-int-or-string': true });
