import { build } from 'electron-vite'

/** Builds the app once, so that browser tests see what ships, not a development server. */
export default async function buildApp(): Promise<void> {
  await build({ logLevel: 'warn' })
}
