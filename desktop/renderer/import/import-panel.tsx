export function ImportPanel() { return null }
