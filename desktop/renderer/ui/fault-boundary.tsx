import { Component, type ReactNode } from 'react'
import { useText } from './locale-context.tsx'

/** A fault of ours in a screen: says so, and offers to open it again. The station is untouched. */
export class FaultBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    return this.state.failed ? <Fault /> : this.props.children
  }
}

function Fault() {
  const text = useText()
  return (
    <div className="empty" role="alert">
      <strong>{text('app.fault')}</strong>
      <button
        type="button"
        className="button"
        data-kind="primary"
        onClick={() => window.location.reload()}
      >
        {text('app.reload')}
      </button>
    </div>
  )
}
