import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const teal: MantineColorsTuple = [
  '#e6f6f4',
  '#cdeae6',
  '#9fd6cf',
  '#6fc2b8',
  '#46aea2',
  '#259b8f',
  '#138780',
  '#0b7069',
  '#085750',
  '#053f3a',
]

const MOTION = { duration: 120, transition: 'fade' } as const

export const theme = createTheme({
  primaryColor: 'teal',
  colors: { teal },
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  fontFamily: 'var(--font)',
  fontSmoothing: false,
  defaultRadius: '0.5rem',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Modal: {
      defaultProps: {
        transitionProps: MOTION,
        overlayProps: { backgroundOpacity: 0.35 },
        centered: false,
        yOffset: '8vh',
      },
    },
    Drawer: { defaultProps: { transitionProps: { duration: 120 } } },
    Popover: { defaultProps: { transitionProps: { duration: 80, transition: 'fade' } } },
    Menu: { defaultProps: { transitionProps: { duration: 80, transition: 'fade' } } },
    Tooltip: { defaultProps: { openDelay: 400, transitionProps: { duration: 80 } } },
  },
})

/** Mantine's own colours are ours, so that its inputs and menus stand on the same ground. */
export const cssVariablesResolver: CSSVariablesResolver = () => {
  const colours = {
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--quiet)',
    '--mantine-color-placeholder': 'var(--quiet)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--sunk)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-error': 'var(--red)',
    '--mantine-primary-color-filled': 'var(--brand)',
    '--mantine-primary-color-filled-hover': 'var(--brand-strong)',
    '--mantine-primary-color-contrast': 'var(--on-brand)',
    '--mantine-color-teal-filled': 'var(--brand)',
    '--mantine-color-teal-filled-hover': 'var(--brand-strong)',
    '--mantine-color-teal-light': 'var(--brand-soft)',
    '--mantine-color-teal-light-color': 'var(--brand-strong)',
  }
  return {
    variables: { '--mantine-line-height': 'inherit' },
    light: colours,
    dark: colours,
  }
}
