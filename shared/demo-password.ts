/** One password for all people of a demo clinic: they are offered at sign-in, and hold nobody's data. */
export const DEMO_PASSWORD = 'demo-dawr'
