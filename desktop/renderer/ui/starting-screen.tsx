import { Mark } from './mark.tsx'
import { useText } from './locale-context.tsx'
import './starting-screen.css'

/** Until the station has said anything; its words come only if that takes more than a moment. */
export function StartingScreen() {
  const text = useText()
  return (
    <div className="starting">
      <Mark size="4rem" />
      <output>{text('app.starting')}</output>
    </div>
  )
}
