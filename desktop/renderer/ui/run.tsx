import type { ReactNode } from 'react'

/** A run of text whose direction is its own: a name, whatever the language around it. */
export function Run(props: { children: ReactNode }) {
  return <bdi>{props.children}</bdi>
}

/** A run that reads left to right in every language: a phone number, a ticket, a clock. */
export function LtrRun(props: { children: ReactNode; className?: string }) {
  return (
    <bdi dir="ltr" className={props.className}>
      {props.children}
    </bdi>
  )
}
