/** The mark of the app, as on its icon: a ticket with a د, and the turns behind it. */
export function Mark(props: { size: string }) {
  return (
    <svg viewBox="0 0 512 512" width={props.size} height={props.size} aria-hidden>
      <rect width="512" height="512" rx="112" fill="var(--brand)" />
      <g fill="var(--on-brand)">
        <rect x="176" y="72" width="160" height="28" rx="14" opacity=".35" />
        <rect x="140" y="116" width="232" height="28" rx="14" opacity=".6" />
        <path d="M112 164h288a24 24 0 0 1 24 24v64a36 36 0 0 0 0 72v88a24 24 0 0 1-24 24H112a24 24 0 0 1-24-24v-88a36 36 0 0 0 0-72v-64a24 24 0 0 1 24-24z" />
      </g>
      <path
        fill="none"
        stroke="var(--brand)"
        strokeWidth="44"
        strokeLinecap="round"
        strokeLinejoin="round"
        d="M268 236c38 14 58 46 58 78 0 40-32 62-70 62-32 0-56-8-76-22"
      />
    </svg>
  )
}
