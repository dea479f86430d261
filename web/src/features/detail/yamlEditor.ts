/**
 * CodeMirror as a viewer. It stands in a shadow root, where its styles are adopted style sheets: the page's policy
 * allows no style elements. Colours are the console's tokens, so it follows the theme by itself.
 */

import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, codeFolding, foldGutter, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { EditorState } from '@codemirror/state'
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'

export interface YamlView {
  show(text: string): void
  destroy(): void
}

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--text)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--info)' },
  { tag: [tags.comment, tags.meta], color: 'var(--dim)' },
  { tag: [tags.punctuation, tags.separator], color: 'var(--dim)' },
])

const look = EditorView.theme({
  '&': { height: '100%', background: 'transparent', color: 'var(--text)', fontSize: 'var(--size-cell)' },
  '&.cm-focused': { outline: '1px solid var(--accent)', outlineOffset: '-1px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: 'var(--line-height)' },
  '.cm-content': { padding: '8px 0 24px' },
  '.cm-gutters': { background: 'transparent', border: '0', color: 'var(--faint)' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 4px 0 12px' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': {
    background: 'color-mix(in srgb, var(--accent) 28%, transparent) !important',
  },
  '.cm-panels': { background: 'var(--raised)', color: 'var(--text)', borderColor: 'var(--line)' },
  '.cm-textfield': {
    background: 'var(--canvas)',
    border: '1px solid var(--line-strong)',
    borderRadius: 'var(--radius)',
  },
  '.cm-button': { background: 'none', border: '1px solid var(--line-strong)', borderRadius: 'var(--radius)' },
  '.cm-searchMatch': { background: 'color-mix(in srgb, var(--warn) 35%, transparent)' },
  '.cm-foldPlaceholder': { background: 'var(--raised)', border: '0', color: 'var(--dim)', padding: '0 6px' },
})

export function mountYaml(host: HTMLElement): YamlView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  const parent = document.createElement('div')
  parent.style.height = '100%'
  root.replaceChildren(parent)
  const view = new EditorView({
    root,
    parent,
    state: EditorState.create({
      extensions: [
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ 'aria-label': 'YAML', 'aria-readonly': 'true', tabindex: '0' }),
        EditorView.lineWrapping,
        lineNumbers(),
        codeFolding(),
        foldGutter(),
        bracketMatching(),
        drawSelection(),
        highlightSelectionMatches(),
        search({ top: true }),
        keymap.of(searchKeymap),
        yaml(),
        syntaxHighlighting(colours),
        look,
      ],
    }),
  })
  return {
    show(text) {
      const old = view.state.doc.toString()
      if (old === text) return
      view.dispatch({ changes: { from: 0, to: old.length, insert: text } })
    },
    destroy: () => view.destroy(),
  }
}
