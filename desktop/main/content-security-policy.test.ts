import { expect, test } from 'vitest'
import { contentSecurityPolicy, printedDocumentPolicy } from './content-security-policy.ts'

const directive = (policy: string, name: string) =>
  policy.split('; ').find((part) => part.startsWith(`${name} `))

test('no script but our own files, and nothing else by default', () => {
  const policy = contentSecurityPolicy()
  expect(directive(policy, 'script-src')).toBe("script-src 'self'")
  expect(directive(policy, 'default-src')).toBe("default-src 'none'")
  expect(policy).not.toMatch(/unsafe-eval|https?:|\*/)
})

test('a style has nowhere to send what it reads', () => {
  const policy = contentSecurityPolicy(['ws://127.0.0.1:4711'])
  expect(directive(policy, 'img-src')).toBe("img-src 'self' data: blob:")
  expect(directive(policy, 'font-src')).toBe("font-src 'self'")
  expect(directive(policy, 'connect-src')).toBe("connect-src 'self' ws://127.0.0.1:4711")
})

test('a printed document runs nothing and asks nobody', () => {
  const policy = printedDocumentPolicy()
  expect(policy).not.toContain('script-src')
  expect(policy).not.toContain('connect-src')
  expect(directive(policy, 'default-src')).toBe("default-src 'none'")
})
