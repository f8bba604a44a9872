import { join } from 'node:path'
import { app, dialog, Menu, safeStorage, session } from 'electron'
import { registerAppScheme, serveApp } from './app-protocol.ts'
import { logFile, type LogFile } from './log-file.ts'
import { profileFrom } from './profile.ts'
import { isRecoverable, keepProfileKey, profileKey, type Keystore } from './profile-key.ts'
import { lockSession } from './session-lock.ts'
import { serveShell } from './shell-channels.ts'
import { type OpenMessage, startStation, type StationProcess } from './station-process.ts'
import { troubleText, type Trouble } from './trouble.ts'
import { focusMainWindow, lockNavigation, openMainWindow } from './windows.ts'

const profile = profileFrom(process.argv.slice(1), app)

// Before anything reads it: the folder is what the single-instance lock and the keystore go by.
if (profile.folder !== null) app.setPath('userData', profile.folder)
app.setAppUserModelId('app.dawr.desktop')
app.enableSandbox()
registerAppScheme()

// Two processes on one encrypted file would each think they own its sequence.
if (app.requestSingleInstanceLock()) {
  app.on('second-instance', focusMainWindow)
  app.whenReady().then(run).catch(fail)
} else {
  app.quit()
}

async function run(): Promise<void> {
  if (process.platform !== 'darwin') Menu.setApplicationMenu(null)
  lockNavigation()
  lockSession(session.defaultSession)
  serveApp(session.defaultSession, join(import.meta.dirname, '../renderer'))

  // The demo holds no real data, and must run on a desktop without a keyring.
  if (profile.demo) safeStorage.setUsePlainTextEncryption(true)
  const folder = join(app.getPath('userData'), 'station')
  const made = await profileKey(folder, keystore(), profile.demo)
  let key: OpenMessage['key']
  if (made.ok) key = made.key
  // Data whose key is lost is the station's to speak of: its window takes the recovery code.
  else if (isRecoverable(made.code)) key = made.code
  else {
    tell(made.code)
    app.exit(1)
    return
  }
  const station = startStation({
    open: {
      type: 'open',
      folder,
      key,
      demo: profile.demo,
      demoDesk: profile.demoDesk,
      appVersion: app.getVersion(),
    },
    keepKey: (recovered) => keepProfileKey(folder, keystore(), recovered),
    log: stationLog(),
    trouble: () => tell('STATION_CRASHES'),
  })
  closeStationOnQuit(station)
  serveShell(station)
  openMainWindow()
}

/** Electron would end the station in the middle of whatever it writes; this lets it close its file. */
function closeStationOnQuit(station: StationProcess): void {
  app.on('window-all-closed', () => app.quit())
  app.once('will-quit', (event) => {
    event.preventDefault()
    void station.close().finally(() => app.exit())
  })
}

function stationLog(): LogFile {
  const file = logFile(join(app.getPath('userData'), 'logs', 'station.log'))
  if (app.isPackaged) return file
  return {
    write(text) {
      file.write(text)
      process.stdout.write(text)
    },
  }
}

function keystore(): Keystore {
  return {
    platform: process.platform,
    isAvailable: () => safeStorage.isAsyncEncryptionAvailable(),
    backend: () => safeStorage.getSelectedStorageBackend(),
    encrypt: (text) => safeStorage.encryptStringAsync(text),
    decrypt: async (encrypted) => (await safeStorage.decryptStringAsync(encrypted)).result,
  }
}

function tell(trouble: Trouble): void {
  dialog.showErrorBox('Dawr', troubleText(trouble, app.getLocale()))
}

function fail(error: unknown): void {
  process.stderr.write(`${JSON.stringify({ event: 'shell.failed', error: String(error) })}\n`)
  app.exit(1)
}
