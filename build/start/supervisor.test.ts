import { expect, test } from 'vitest'
import { readyUrl, Supervisor } from './supervisor.ts'

function supervised() {
  const lines: string[] = []
  const failures: string[] = []
  const supervisor = new Supervisor(
    (line) => lines.push(line),
    (message) => failures.push(message),
  )
  return { supervisor, lines, failures }
}

const node = (name: string, script: string) => ({
  name,
  command: process.execPath,
  args: ['-e', script],
})

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('waits for the ready line, relays the others under the name', async () => {
  const { supervisor, lines } = supervised()
  const script = `console.log('warming up'); console.log('{"url":"http://127.0.0.1:1/"}'); setInterval(() => {}, 1000)`
  const url = await supervisor.start({ ...node('server', script), ready: readyUrl, within: 10_000 })
  expect(url).toBe('http://127.0.0.1:1/')
  await expect.poll(() => lines).toEqual(['server    | warming up'])
  await supervisor.stop()
})

test('a process that ends before it is ready is an error that names it', async () => {
  const { supervisor } = supervised()
  const start = supervisor.start({
    ...node('station', 'process.exit(3)'),
    ready: readyUrl,
    within: 10_000,
  })
  await expect(start).rejects.toThrow('station ended early (code 3)')
})

test('a process that never gets ready is an error too', async () => {
  const { supervisor } = supervised()
  const spec = { ...node('slow', 'setInterval(() => {}, 1000)'), ready: readyUrl, within: 300 }
  await expect(supervisor.start(spec)).rejects.toThrow('slow was not ready within 0.3 s')
  await supervisor.stop()
})

test('a command that does not exist is an error, not a crash', async () => {
  const { supervisor } = supervised()
  const missing = supervisor.run({ name: 'window', command: './no-such-program', args: [] })
  await expect(missing).rejects.toThrow('window')
})

test('stop ends all, the last started first', async () => {
  const { supervisor, lines, failures } = supervised()
  const script = (name: string) => `
    process.on('SIGTERM', () => { console.log('${name} ends'); setTimeout(() => process.exit(0), 50) })
    console.log(JSON.stringify({ url: String(process.pid) })); setInterval(() => {}, 1000)`
  const pids: number[] = []
  for (const name of ['first', 'second']) {
    const spec = { ...node(name, script(name)), ready: readyUrl, within: 10_000 }
    pids.push(Number(await supervisor.start(spec)))
  }
  await supervisor.stop()
  expect(pids.map(isAlive)).toEqual([false, false])
  await expect.poll(() => lines).toEqual(['second    | second ends', 'first     | first ends'])
  expect(failures).toEqual([])
})

test('a process that dies while others run is told, a closed window is not', async () => {
  const { supervisor, failures } = supervised()
  await supervisor.run({ ...node('window', 'process.exit(1)'), isWindow: true })
  expect(failures).toEqual([])
  await supervisor.run(node('server', 'process.kill(process.pid, "SIGKILL")'))
  expect(failures).toEqual(['server ended (SIGKILL)'])
})

test('only a JSON line with a url is a ready line', () => {
  expect(readyUrl('{"level":30,"msg":"hello"}')).toBe(null)
  expect(readyUrl('{"url":1}')).toBe(null)
  expect(readyUrl('{broken')).toBe(null)
  expect(readyUrl('url')).toBe(null)
})
