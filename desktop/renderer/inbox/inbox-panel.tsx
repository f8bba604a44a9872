export function InboxPanel() { return null }
