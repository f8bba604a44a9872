/**
 * What Node is told when it runs the server; here as in the Dockerfile. Of its own accord V8 lets the space for
 * new objects grow to 128 MB when all stations come back at once, and keeps it: of 2,000 idle streams half the
 * memory. MiB, of each of its two halves; with less, a push of a hundred commands is collected too often.
 */
export const SERVER_FLAGS = ['--max-semi-space-size=16']
