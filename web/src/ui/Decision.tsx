import { type FormEvent, type ReactNode, type RefObject, useRef } from 'react'
import { Button } from './Button'
import css from './decision.module.css'
import { Modal } from './Modal'

interface Props {
  title: string
  /** What is done: on the button that Enter presses. */
  verb: string
  look: 'primary' | 'danger'
  /** What stands between it and its being done, or null. */
  missing: string | null
  /** Said while nothing is missing. */
  note?: string
  /** Said on the button while it is being done, else null. */
  busy: string | null
  form: RefObject<HTMLFormElement | null>
  /** Enter may be pressed at once. */
  ready?: boolean
  commit: () => void
  close: () => void
  children: ReactNode
}

/** A dialog at whose end something is done or left: Enter commits, Esc leaves. */
export function Decision(props: Props) {
  const { title, verb, look, missing, note, busy, form, ready = false, commit, close, children } = props
  const button = useRef<HTMLButtonElement>(null)
  const blocked = missing !== null || busy !== null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!blocked) commit()
  }
  return (
    <Modal title={title} wide onClose={close} {...(ready ? { focus: button } : {})}>
      <form ref={form} className={css.form} onSubmit={submit} data-scope="plan">
        <div className={css.scroll}>{children}</div>
        <footer className={css.foot}>
          <span className={css.missing} role="status">
            {missing ?? (note !== undefined && <small>{note}</small>)}
          </span>
          <Button look="outlined" onClick={close}>
            Leave <kbd>Esc</kbd>
          </Button>
          <Button ref={button} type="submit" look={look} disabled={blocked}>
            {busy ?? verb} <kbd>Enter</kbd>
          </Button>
        </footer>
      </form>
    </Modal>
  )
}
