// Styles first: a feature's own, which come with its components, may then refine them.
import './ui/fonts.css'
import '@mantine/core/styles.layer.css'
import './ui/tokens.css'
import './ui/controls.css'
import { createRoot } from 'react-dom/client'
import { z } from 'zod'
import { App } from './app.tsx'
import { makeStationClient } from './station-client/station-client.ts'
import { stationLine } from './station-client/station-line.ts'

// The page's policy allows no code made from strings, which zod would try.
z.config({ jitless: true })

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no root')
createRoot(root).render(<App client={makeStationClient(stationLine())} />)
