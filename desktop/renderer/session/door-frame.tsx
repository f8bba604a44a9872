import type { ReactNode } from 'react'
import { LanguageSwitch, SchemeSwitch } from '../ui/preference-switches.tsx'
import { Mark } from '../ui/mark.tsx'
import './session.css'

/** What stands before the board: joining a clinic, signing in. */
export function DoorFrame(props: { title: ReactNode; subtitle?: ReactNode; children: ReactNode }) {
  return (
    <div className="door">
      <header className="door-bar">
        <LanguageSwitch />
        <SchemeSwitch />
      </header>
      <main className="door-main">
        <div className="door-head">
          <Mark size="3rem" />
          <div>
            <h1 className="door-title">{props.title}</h1>
            {props.subtitle !== undefined && <p className="door-subtitle">{props.subtitle}</p>}
          </div>
        </div>
        {props.children}
      </main>
    </div>
  )
}
