// The kernel settings that a kubelet changes at its start, with the values it wants. They belong to the whole machine, not
// to a namespace, so a node sees files with these values in their place: the kubelet is content, the machine unchanged.

export const TUNABLES: Readonly<Record<string, string>> = {
  'sys/vm/overcommit_memory': '1',
  'sys/vm/panic_on_oom': '0',
  'sys/kernel/panic': '10',
  'sys/kernel/panic_on_oops': '1',
  'sys/kernel/keys/root_maxkeys': '1000000',
  'sys/kernel/keys/root_maxbytes': '25000000',
};

/** How a kubelet, and with it the node controller, knows that a machine has booted anew. */
export const BOOT_ID = 'sys/kernel/random/boot_id';

/** The name of the file that stands in for one of them. */
export function standIn(setting: string): string {
  return setting.replaceAll('/', '.');
}
