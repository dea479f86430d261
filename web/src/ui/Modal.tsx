import { Dialog } from '@base-ui/react/dialog'
import type { ReactNode, RefObject } from 'react'
import { focusNow } from './focusNow'
import css from './modal.module.css'

interface Props {
  title: string
  /** The title is for assistive technology only. */
  bare?: boolean
  wide?: boolean
  onClose: () => void
  focus?: RefObject<HTMLElement | null>
  /** Where the focus goes at the end is somebody else's matter. */
  leaves?: () => boolean
  children: ReactNode
}

/** A layer over the page with the focus inside; Esc leaves it. */
export function Modal({ title, bare = false, wide = false, onClose, focus, leaves, children }: Props) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css.backdrop} />
        <Dialog.Popup
          className={`${css.popup} ${wide ? css.wide : ''} ${bare ? css.bare : ''}`}
          finalFocus={() => leaves?.() !== true}
          {...(focus === undefined ? {} : { initialFocus: () => focusNow(focus) })}
        >
          <Dialog.Title className={bare ? 'unseen' : css.title}>{title}</Dialog.Title>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
