// The small shapes that spec and status share: bounded integers, DNS labels, label maps, int-or-percent.
// Lacks quantities: the operator compares those where it grows volumes, the API server checks them on the claims.
import { z } from 'zod';

/** Nested readonly: objects read from the API server are frozen data, nobody writes into them. */
export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export const MAX_INT32 = 2_147_483_647;

/** RFC 1123 label: pod names are host names, claim names are volume names (k8s validation.IsDNS1123Label). */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
export const MAX_DNS_LABEL = 63;

/** 1%..100%, as ValidatePositiveIntOrPercent and IsNotMoreThan100Percent accept it; leading zeros included. */
export const PERCENT = /^0*([1-9][0-9]?|100)%$/;

/** A count or a number of seconds: 0..2^31-1. */
export const natural = () => z.int32().min(0);

/** Label names and values have at most 63 characters after the prefix (253 + 1 + 63 in all for names). */
export const labelMap = () => z.record(z.string(), z.string());

/** An integer or a string: `maxUnavailable`. Its bounds are a rule, since a CRD has no `minimum` beside `anyOf`. */
export const intOrString = () => z.union([z.int32(), z.string().max(16)]).meta({ 'x-kubernetes-int-or-string': true });
