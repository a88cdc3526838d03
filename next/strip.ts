import { planned, see, world, deeds } from '/tmp/rollouts/test/plan/world.ts';
const seen = world({ app: { replicas: 1, version: 'v1' }, pods: '0 Available' });
for (const [k, p] of seen.pods) { const m = { ...p.metadata, labels: { app: 'web' } }; seen.pods.set(k, { ...p, metadata: m }); }
const r = planned(see(seen)); console.log(deeds(r), r.statusFirst, JSON.stringify(r.status.members));
