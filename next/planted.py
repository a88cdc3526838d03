import subprocess, shutil, os, sys, time
BUGS=[
 ('budget off by one','src/plan/rollout.ts',"let budget = mostUnavailable(scene) - away.length;","let budget = mostUnavailable(scene) - away.length + 1;"),
 ('ready ones are broken too','src/plan/rollout.ts',"const broken = stale.filter(({ failure }) => failure !== null);","const broken = stale.filter(({ failure, isReady }) => failure !== null || !isReady);"),
 ('partition ignored','src/plan/scene.ts',"rank >= setting.revisions.partition;","rank >= 0;"),
 ('paused ignored','src/plan/rollout.ts',"if (revisions.onDelete || revisions.paused) return nothing;","if (revisions.onDelete) return nothing;"),
 ('ledger not first','src/plan/plan.ts',"return member.ledger?.podUID !== removal.uid || member.ledger.updateTo === undefined;","return false;"),
 ('no trial of the successor','src/operator/perform.ts',"  await trySuccessor(hands, job, { pod, successor: victim.successor });\n",""),
 ('refusal of the successor ignored','src/operator/trial.ts',"    if (!(error instanceof KubeError) || ASK_AGAIN.includes(error.code) || isNo(error)) throw error;","    if (!(error instanceof KubeError) || ASK_AGAIN.includes(error.code)) throw error;"),
 ('history of members forgotten','src/plan/history.ts',"const pods = observed.pods.map(({ revision }) => revision);","const pods: string[] = [];"),
 ('history: ledger','src/plan/history.ts',"const entries = [...ledgerOf(observed).values()].flatMap(({ revision, updateTo }) => [revision, updateTo]);","const entries: string[] = [];"),
 ('history limit off by one','src/plan/history.ts',"unused.slice(spec.revisionHistoryLimit)","unused.slice(spec.revisionHistoryLimit + 1)"),
 ('update revision recreated mid-rollout','src/plan/revisions.ts',"  if (recorded !== null && recorded !== '') return recorded;\n",""),
 ('turn forgotten','src/plan/revisions.ts',"  if (isItsTurn && goes) return revisions.goal;\n",""),
 ('two broken at once','src/plan/rollout.ts',"  if (leaving !== undefined) {","  if (leaving !== undefined && leaving.ordinal < 0) {"),
 ('goes on past a failure','src/plan/rollout.ts',": failing && unfinished",": failing && unfinished && scene === null"),
 ('never mended','src/plan/rollout.ts',"const mended = mend(scene, stale);","const mended = mend(scene, []);"),
 ('crash at once','src/identity/trouble.ts',"const CRASHES = 3;","const CRASHES = 1;"),
 ('unschedulable at once','src/identity/trouble.ts',"const UNSCHEDULABLE_MS = 30_000;","const UNSCHEDULABLE_MS = 0;"),
 ('deadline from the loss of Ready alone','src/plan/rollout.ts',"Math.max(pod.unreadySinceMs ?? sinceMs, sinceMs)","Math.min(pod.unreadySinceMs ?? sinceMs, sinceMs)"),
 ('rolled back and tried again','src/plan/revisions.ts',"goal: rolledBack ? current : update,","goal: update,"),
 ('updatedReplicas counts terminating','src/plan/status.ts',"live(member) && member.pod.revision === revisions.update","member.pod.revision === revisions.current"),
 ('currentRevision stays','src/plan/status.ts',"const current = rolledOut ? update : scene.revisions.current;","const current = scene.revisions.current;"),
 ('victim version not kept','src/operator/perform.ts',"  return victim.resourceVersion;","  return pod.metadata.resourceVersion;"),
 ('maxUnavailable rounded up','src/plan/rollout.ts',"Math.floor((Number.parseInt","Math.ceil((Number.parseInt"),
 ('update counted for condemned','src/plan/rollout.ts',"const away = scene.wanted.filter(({ slot }) => slot.state !== 'Available');","const away = scene.wanted.filter(({ slot }) => slot.state !== 'Available' && slot.state !== 'Empty');"),
]
only=sys.argv[2:] 
snap=sys.argv[1]
for name,f,a,b in BUGS:
    if only and not any(o in name for o in only): continue
    d='/tmp/e-mut/w'
    shutil.rmtree(d,ignore_errors=True); os.makedirs(d)
    subprocess.run(f'cp -r {snap}/src {snap}/test {snap}/package.json {d}/; ln -s /work/main/node_modules {d}/node_modules',shell=True)
    p=f'{d}/{f}'; s=open(p).read()
    if s.count(a)!=1: print(name,'NOT FOUND',s.count(a)); continue
    open(p,'w').write(s.replace(a,b))
    sc=open('/tmp/rollouts-scan.ts').read().replace('/tmp/rollouts/',d+'/').replace('bad > 14','bad > 0')
    open(d+'/scan.ts','w').write(sc)
    t=time.time()
    try:
        r=subprocess.run(['node','scan.ts','1..150'],cwd=d,capture_output=True,text=True,timeout=150)
        out=(r.stdout.strip().split('\n') or [''])[0] + (r.stderr[-200:] if r.returncode else '')
    except subprocess.TimeoutExpired as e: out='TIMEOUT no catch'
    print(f'{name}: {out[:150]} [{time.time()-t:.0f}s]',flush=True)
