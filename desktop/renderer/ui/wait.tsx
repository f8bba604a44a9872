import { minutesBetween } from './formats.ts'
import { useText } from './locale-context.tsx'
import { useNow } from './now.ts'
import type { Text } from './texts.ts'

export function waitText(text: Text, minutes: number): string {
  if (minutes < 1) return text('duration.now')
  if (minutes < 60) return text('duration.minutes', { minutes })
  return text('duration.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
}

export type WaitLevel = 'CALM' | 'AMBER' | 'RED'

export function waitLevel(minutes: number, amber: number, red: number): WaitLevel {
  return minutes >= red ? 'RED' : minutes >= amber ? 'AMBER' : 'CALM'
}

const LONG = { AMBER: 'board.longWait', RED: 'board.veryLongWait' } as const

/** A wait that ticks by itself, so that its row need not. */
export function Wait(props: { since: string; amber: number; red: number }) {
  const text = useText()
  const minutes = minutesBetween(props.since, useNow())
  const level = waitLevel(minutes, props.amber, props.red)
  const words = waitText(text, minutes)
  return (
    <span
      className="wait"
      data-level={level}
      title={level === 'CALM' ? text('board.waited', { wait: words }) : text(LONG[level])}
    >
      {words}
      {level !== 'CALM' && <span className="visually-hidden">{text(LONG[level])}</span>}
    </span>
  )
}
