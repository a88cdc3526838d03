import { defineConfig } from 'vitest/config';

// Four projects: `unit` needs nothing but Node; `integration` needs the local cluster (see test/integration/); `chart` Helm as
// well, and Debian for the image; `e2e` needs its real nodes: Linux and root.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**', 'test/chart/cluster/**'],
          // A bound on what hangs, no measure of speed: property tests take long on a busy machine.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'chart',
          include: ['test/chart/cluster/**/*.test.ts'],
          testTimeout: 120_000,
          // Building the image, and Helm's first start.
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/suites/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
