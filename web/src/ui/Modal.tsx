import { Dialog } from '@base-ui/react/dialog'
import type { ReactNode, RefObject } from 'react'
import css from './modal.module.css'

interface Props {
  title: string
  /** The title is for assistive technology only. */
  bare?: boolean
  wide?: boolean
  onClose: () => void
  focus?: RefObject<HTMLElement | null>
  children: ReactNode
}

/** A layer over the page with the focus inside; Esc leaves it. */
export function Modal({ title, bare = false, wide = false, onClose, focus, children }: Props) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css.backdrop} />
        <Dialog.Popup
          className={`${css.popup} ${wide ? css.wide : ''} ${bare ? css.bare : ''}`}
          {...(focus === undefined ? {} : { initialFocus: focus })}
        >
          <Dialog.Title className={bare ? 'unseen' : css.title}>{title}</Dialog.Title>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
