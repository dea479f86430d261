import { Menu as Base } from '@base-ui/react/menu'
import type { ReactNode } from 'react'
import { KEYS, label } from '../lib/keys'
import { Icon, type IconName } from './Icon'
import css from './menu.module.css'

export interface Item {
  title: string
  run(): void
  icon?: IconName
  /** Shows this command's first key. */
  command?: string
  /** Why it cannot be chosen. */
  disabled?: string | null
  danger?: boolean
  checked?: boolean
  /** Starts a new group. */
  apart?: boolean
}

const MAC = navigator.platform.startsWith('Mac')

/** The first key of a command, for people. */
export function keyOf(command: string): string {
  const entry = KEYS.find((known) => known.id === command)
  return entry?.keys[0] === undefined ? '' : label(entry.keys[0], MAC)
}

function Entries({ items }: { items: readonly Item[] }) {
  return items.map((item) => (
    <div key={item.title} role="presentation">
      {item.apart && <Base.Separator className={css.separator} />}
      <Base.Item
        className={`${css.item} ${item.danger ? css.danger : ''}`}
        disabled={Boolean(item.disabled)}
        title={item.disabled ?? undefined}
        onClick={item.run}
        aria-checked={item.checked}
        role={item.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
        closeOnClick={item.checked === undefined}
      >
        <span className={css.mark}>
          {item.checked ? <Icon name="check" /> : item.icon && <Icon name={item.icon} />}
        </span>
        <span className={css.title}>
          {item.title}
          {item.disabled && <small className={css.reason}>{item.disabled}</small>}
        </span>
        {item.command !== undefined && <kbd className={css.key}>{keyOf(item.command)}</kbd>}
      </Base.Item>
    </div>
  ))
}

/** A menu that hangs on a button. */
export function MenuButton(props: { items: readonly Item[]; children: ReactNode; className?: string; label?: string }) {
  return (
    <Base.Root>
      <Base.Trigger className={props.className} aria-label={props.label} title={props.label}>
        {props.children}
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className={css.positioner} sideOffset={4} align="start" collisionPadding={8}>
          <Base.Popup className={css.popup}>
            <Entries items={props.items} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

/** A menu that a key opened has the next key. */
const focusAtOnce = (popup: HTMLElement | null) => popup?.focus({ preventScroll: true })

export interface Place {
  x: number
  y: number
}

/** A menu at a place of the page; null is closed. Focus goes back to where it was. */
export function PlacedMenu(props: { at: Place | null; heading?: string; items: readonly Item[]; onClose: () => void }) {
  const { at } = props
  const anchor = at === null ? null : { getBoundingClientRect: () => new DOMRect(at.x, at.y, 0, 0) }
  return (
    <Base.Root open={at !== null} onOpenChange={(open) => !open && props.onClose()} modal={false}>
      <Base.Portal>
        <Base.Positioner className={css.positioner} anchor={anchor} align="start" side="bottom" collisionPadding={8}>
          <Base.Popup ref={focusAtOnce} className={css.popup} aria-label={props.heading}>
            {props.heading && <div className={css.heading}>{props.heading}</div>}
            <Entries items={props.items} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
