import { defineConfig } from 'vitest/config'

const pgTests = '{shared,sync-server,desktop,build}/**/*.pg.test.ts'
const browserTests = 'desktop/**/*.browser.test.ts'

// The suffix of a test's file says what it needs: nothing, a real PostgreSQL, or a real Chromium.
// The last two run one file at a time, after the rest: they share a server and the machine's cores.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{shared,sync-server,desktop,build}/**/*.test.{ts,tsx}'],
          exclude: ['**/node_modules/**', pgTests, browserTests],
          testTimeout: 20_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'pg',
          include: [pgTests],
          globalSetup: ['sync-server/test/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 90_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'browser',
          include: [browserTests],
          globalSetup: ['desktop/test/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
