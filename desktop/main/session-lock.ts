import type { Session } from 'electron'
import { mayRequest } from './navigation.ts'
import { mayUse } from './permissions.ts'

/** Takes from a session all that the app does not need: permissions, devices, downloads, networks. */
export function lockSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, decide, details) => {
    decide(mayUse(permission, details.requestingUrl))
  })
  session.setPermissionCheckHandler((_contents, permission, origin) => mayUse(permission, origin))
  session.setDevicePermissionHandler(() => false)
  session.on('will-download', (event) => event.preventDefault())
  session.webRequest.onBeforeRequest((details, decide) => {
    decide({ cancel: !mayRequest(details.url) })
  })
}
