// What a pod can be told to play, by an annotation set in its template or put on it while it runs:
//
//   kwok.statefulapp.dev/play: image-pull-error   never starts: ImagePullBackOff (so does an image named *does-not-exist*)
//                              crash-loop         Running, not Ready, CrashLoopBackOff, one more restart every 10 s
//                              slow-start         Ready only after 10 s
//                              never-ready        Running, never Ready; not-ready is the same
//                              failed             phase Failed, exit code 1, after having run
//                              evicted            phase Failed, reason Evicted, after having run
//                              succeeded          phase Succeeded after a second
//                              stuck-terminating  deleted, it stays Terminating until the annotation goes
//   kwok.statefulapp.dev/start-after: 3s          how long it takes to become Ready (default: at once)
//   kwok.statefulapp.dev/terminate-after: 5s      how long it takes to stop (default: 100ms)
//
// Without the annotation a running pod is Ready again. On a Node, play: not-ready makes the kubelet say so; on a claim,
// play: never-resize leaves a growth undone.

export const ANNOTATION = 'kwok.statefulapp.dev';
export const PLAY = `${ANNOTATION}/play`;
