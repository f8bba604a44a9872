import { resolve } from 'node:path'
import { defineConfig } from 'electron-vite'
import { rendererPlugins } from './desktop/renderer/vite.config.ts'

const nativeOnly = {
  // Everything is bundled but the one native module, so the installer carries no node_modules of the
  // server's, and the station starts from one file.
  externalizeDeps: false,
  sourcemap: true,
} as const

export default defineConfig({
  main: {
    build: {
      ...nativeOnly,
      rolldownOptions: {
        input: {
          main: resolve('desktop/main/main.ts'),
          station: resolve('desktop/station/entry.ts'),
        },
        external: ['better-sqlite3'],
      },
    },
  },
  preload: {
    build: {
      ...nativeOnly,
      rolldownOptions: {
        input: resolve('desktop/preload/preload.ts'),
        // A sandboxed preload cannot be an ES module.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'desktop/renderer',
    plugins: rendererPlugins,
    build: { rolldownOptions: { input: resolve('desktop/renderer/index.html') } },
  },
})
