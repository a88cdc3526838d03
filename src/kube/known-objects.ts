/**
 * What a watch has told so far: the difference between that and a new list is what a relist must tell.
 *
 * Promises: between an object's `added` and its `deleted` its uid does not change; an object replaced by another of the
 * same name is a `deleted` and an `added`, never a `modified`; what did not change is not told again.
 * Lacks on purpose: indexes, freezing and selection (the cache's).
 */
import { type KubeObject, objectKey } from './objects.ts';

export type WatchEvent =
  | { readonly type: 'added'; readonly object: KubeObject }
  | { readonly type: 'modified'; readonly object: KubeObject; readonly previous: KubeObject }
  | {
      readonly type: 'deleted';
      /** The last known state; when observed by 'watch' the final one, whose resourceVersion is the deletion's. */
      readonly object: KubeObject;
      /** 'relist': not seen to happen, but found missing or replaced. */
      readonly observed: 'watch' | 'relist';
    };

export interface KnownObjects {
  /** From here to `endList`, what is put is all there is. May be called again to start over. */
  beginList(): void;
  put(object: KubeObject): void;
  remove(object: KubeObject): void;
  endList(): void;
}

/** `keep`: what of an object is remembered and told, of those that are large and of which little is needed. */
export function createKnownObjects(
  tell: (event: WatchEvent) => void,
  keep: (object: KubeObject) => KubeObject = (object) => object,
): KnownObjects {
  const known = new Map<string, KubeObject>();
  let listed: Set<string> | undefined;
  return {
    beginList() {
      listed = new Set();
    },
    put(whole) {
      const object = keep(whole);
      const key = objectKey(object);
      const previous = known.get(key);
      listed?.add(key);
      if (previous !== undefined && isSame(previous, object)) return;
      known.set(key, object);
      if (previous === undefined) return tell({ type: 'added', object });
      if (previous.metadata.uid === object.metadata.uid) return tell({ type: 'modified', object, previous });
      tell({ type: 'deleted', object: previous, observed: 'relist' });
      tell({ type: 'added', object });
    },
    remove(whole) {
      const object = keep(whole);
      const key = objectKey(object);
      const previous = known.get(key);
      if (previous === undefined || !known.delete(key)) return;
      const seen = previous.metadata.uid === object.metadata.uid;
      tell(
        seen
          ? { type: 'deleted', object, observed: 'watch' }
          : { type: 'deleted', object: previous, observed: 'relist' },
      );
    },
    endList() {
      const gone = [...known].filter(([key]) => listed?.has(key) === false);
      listed = undefined;
      for (const [key, object] of gone) {
        known.delete(key);
        tell({ type: 'deleted', object, observed: 'relist' });
      }
    },
  };
}

function isSame({ metadata: a }: KubeObject, { metadata: b }: KubeObject): boolean {
  return a.uid === b.uid && a.resourceVersion === b.resourceVersion;
}
