// `npm run build`: the daemon as one file, dist/operator.js, for the published package.

import { bundle } from './bundle.ts';

for (const [file, bytes] of Object.entries(await bundle('dist')))
  console.log(`${file}  ${(bytes / 1e6).toFixed(2)} MB`);
