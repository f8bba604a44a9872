import react from '@vitejs/plugin-react'
import { defineConfig, type PluginOption } from 'vite'

/** What the build of a window needs, in Electron's build as in the development host's. */
export const rendererPlugins: PluginOption[] = [
  react(),
  {
    name: 'dawr-renderer',
    config: () => ({
      // Files are served from app://dawr/ and from loopback alike.
      base: './',
      build: {
        // The policy of the page allows fonts from files only, none as data.
        assetsInlineLimit: 0,
        // One version of Chromium ever runs this.
        target: 'chrome140',
        cssTarget: 'chrome140',
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 2_000,
      },
    }),
  },
]

export default defineConfig({
  root: import.meta.dirname,
  plugins: rendererPlugins,
  build: { outDir: '../../out/renderer', emptyOutDir: true },
})
