/** Lines of a unified diff, for drawing. */

export interface DiffLine {
  kind: 'added' | 'removed' | 'same' | 'hunk'
  text: string
}

export function diffLines(diff: string): DiffLine[] {
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('--- ') && !line.startsWith('+++ ') && !line.startsWith('\\'))
    .map((line): DiffLine => {
      if (line.startsWith('@@')) return { kind: 'hunk', text: line }
      if (line.startsWith('+')) return { kind: 'added', text: line.slice(1) }
      if (line.startsWith('-')) return { kind: 'removed', text: line.slice(1) }
      return { kind: 'same', text: line.slice(1) }
    })
}
