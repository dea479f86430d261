import { Popover } from '@base-ui/react/popover'
import { type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import { favourites, MOST, toggleFavourite } from '../../lib/favourites'
import { type Command, useCommands } from '../../ui/commands'
import { useConsole, useRoute, useStore } from '../../ui/console'
import { focusNow } from '../../ui/focusNow'
import { Icon } from '../../ui/Icon'
import { RowList } from '../../wire/list'
import bar from './bar.module.css'
import css from './namespaces.module.css'

/** Which namespaces: all, or any number of them. Without the right to list them a name can be typed. */
export function NamespacePicker({ disabled }: { disabled: boolean }) {
  const console = useConsole()
  const { namespaces } = useRoute()
  const [open, setOpen] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  useCommands(console.commands, {
    namespaces: () => setOpen(true),
    'namespaces.all': () => console.navigation.go({ namespaces: [] }),
    ...favouriteCommands((name) => console.navigation.go({ namespaces: [name] })),
  })
  const text =
    namespaces.length === 0
      ? 'All namespaces'
      : namespaces.length > 2
        ? `${namespaces.length} namespaces`
        : namespaces.join(', ')
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger
        className={bar.picker}
        disabled={disabled}
        aria-label={`Namespaces: ${text}`}
        title={disabled ? 'this kind does not live in namespaces' : namespaces.join(', ') || 'all namespaces'}
      >
        <span className={bar.cut}>{text}</span>
        <Icon name="chevron" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className={css.positioner} sideOffset={4} align="start" collisionPadding={8}>
          <Popover.Popup className={css.popup} aria-label="Namespaces" initialFocus={() => focusNow(input)}>
            <Choices input={input} close={() => setOpen(false)} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

/** One for each of the keys 1 to 9. */
function favouriteCommands(show: (name: string) => void): Record<string, Command> {
  const command = (at: number): Command => ({
    run: () => {
      const name = favourites.get()[at]
      if (name !== undefined) show(name)
    },
    reason: () => (favourites.get()[at] === undefined ? `no favourite ${at + 1}: ☆ in the list of namespaces` : null),
  })
  return Object.fromEntries(Array.from({ length: MOST }, (_, at) => [`namespaces.${at + 1}`, command(at)]))
}

function Choices({ input, close }: { input: RefObject<HTMLInputElement | null>; close: () => void }) {
  const console = useConsole()
  const { namespaces } = useRoute()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const names = useNamespaces(text)
  const starred = useStore(favourites)
  const typed = text.trim()
  const options = typed === '' || names.includes(typed) ? names : [...names, typed]
  const toggle = (name: string) => {
    const next = namespaces.includes(name) ? namespaces.filter((known) => known !== name) : [...namespaces, name]
    console.navigation.go({ namespaces: next })
  }
  const only = (name: string | undefined) => {
    if (name !== undefined) console.navigation.go({ namespaces: [name] })
    close()
  }
  return (
    <>
      <input
        ref={input}
        className={css.input}
        value={text}
        placeholder="namespace"
        aria-label="Find a namespace"
        role="combobox"
        aria-expanded="true"
        aria-controls="namespace-options"
        aria-activedescendant={options[at] === undefined ? undefined : `namespace-${at}`}
        spellCheck={false}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(options.length - 1, at + 1))
          else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1))
          else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
            options[at] !== undefined && toggle(options[at])
          else if (event.key === 'Enter') only(options[at])
          else if (event.key === '*') options[at] !== undefined && toggleFavourite(options[at])
          else return
          event.preventDefault()
        }}
      />
      <button
        type="button"
        className={css.all}
        aria-pressed={namespaces.length === 0}
        onClick={() => {
          console.navigation.go({ namespaces: [] })
          close()
        }}
      >
        <span className={css.box}>{namespaces.length === 0 && <Icon name="check" />}</span>
        All namespaces <kbd>0</kbd>
      </button>
      <div
        className={css.options}
        id="namespace-options"
        role="listbox"
        aria-multiselectable="true"
        aria-label="Namespaces"
      >
        {options.map((name, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the text field above has the keys
          <div
            key={name}
            id={`namespace-${index}`}
            role="option"
            tabIndex={-1}
            className={`${css.option} ${index === at ? css.at : ''}`}
            aria-selected={namespaces.includes(name)}
            onClick={() => toggle(name)}
          >
            <span className={css.box}>{namespaces.includes(name) && <Icon name="check" />}</span>
            <span className={css.name}>{name}</span>
            {/* The pointer's way; the keyboard has `*` in the text field above. */}
            <span
              className={css.star}
              aria-hidden="true"
              title={starred.includes(name) ? 'a favourite; click: no longer' : 'make it a favourite: keys 1 to 9'}
              data-starred={starred.includes(name)}
              onClick={(event) => {
                event.stopPropagation()
                toggleFavourite(name)
              }}
            >
              {starred.includes(name) ? <kbd>{starred.indexOf(name) + 1}</kbd> : '☆'}
            </span>
          </div>
        ))}
      </div>
      <p className={css.hint}>Enter shows one · Ctrl Enter or click adds · * favourite</p>
    </>
  )
}

/** Names of the namespaces of the clusters in view that hold `text`; with none to list, those that we know of. */
function useNamespaces(text: string): string[] {
  const console = useConsole()
  const [list] = useState(
    () =>
      new RowList(console.socket, {
        kind: 'namespaces',
        clusters: console.inView(),
        namespaces: [],
        filter: '',
        sort: [],
        at: 0,
        len: 500,
      }),
  )
  useEffect(() => {
    list.open()
    return () => list.close()
  }, [list])
  const head = useStore(list.head)
  const { namespaces } = useRoute()
  return useMemo(() => {
    const names = head.ready ? [...list.rows()].map((row) => row[3]) : []
    const known = console.inView().map((name) => console.cluster(name)?.namespace ?? '')
    const all = [...new Set([...names, ...namespaces, ...known])].filter((name) => name !== '')
    return all.filter((name) => name.includes(text.trim())).sort()
  }, [head, list, text, namespaces, console])
}
