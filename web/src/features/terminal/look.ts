/** How a terminal looks: colours and type from the tokens. */

import type { ITheme } from '@xterm/xterm'

const ANSI = {
  light: {
    black: '#1b2127',
    red: '#b3202a',
    green: '#1c6f4b',
    yellow: '#805300',
    blue: '#1f5fa0',
    magenta: '#7a3a9c',
    cyan: '#0f6b74',
    white: '#667079',
    brightBlack: '#55606b',
    brightRed: '#c2353c',
    brightGreen: '#1c7f55',
    brightYellow: '#8f6200',
    brightBlue: '#1f6fb5',
    brightMagenta: '#8f4bb5',
    brightCyan: '#147a84',
    brightWhite: '#1b2127',
  },
  dark: {
    black: '#35404c',
    red: '#e5646a',
    green: '#4fb286',
    yellow: '#e0a84a',
    blue: '#5aa2e0',
    magenta: '#c792ea',
    cyan: '#56b6c2',
    white: '#c9d1d9',
    brightBlack: '#808d9a',
    brightRed: '#ff8a8f',
    brightGreen: '#7fe3b5',
    brightYellow: '#ffcf7a',
    brightBlue: '#92cbff',
    brightMagenta: '#dcb6f5',
    brightCyan: '#8adfe8',
    brightWhite: '#ffffff',
  },
} as const

export function themeOf(dark: boolean): ITheme {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string) => style.getPropertyValue(name).trim()
  return {
    ...ANSI[dark ? 'dark' : 'light'],
    background: token('--surface'),
    foreground: token('--text'),
    cursor: token('--accent'),
    cursorAccent: token('--surface'),
    selectionBackground: `${token('--accent')}55`,
    scrollbarSliderBackground: `${token('--faint')}55`,
    scrollbarSliderHoverBackground: `${token('--faint')}88`,
    scrollbarSliderActiveBackground: `${token('--faint')}aa`,
    overviewRulerBorder: token('--line'),
  }
}

export function fontOf(): string {
  return getComputedStyle(document.documentElement).getPropertyValue('--mono').trim()
}
