import type { ComponentProps } from 'react'
import css from './button.module.css'
import { Icon, type IconName } from './Icon'

interface Props extends ComponentProps<'button'> {
  look?: 'plain' | 'outlined' | 'primary' | 'danger'
  icon?: IconName
  /** The word is for assistive technology and the tooltip only. */
  bare?: boolean
}

export function Button({ look = 'plain', icon, bare = false, className = '', children, title, ...rest }: Props) {
  const label = typeof children === 'string' ? children : undefined
  return (
    <button
      type="button"
      {...rest}
      className={`${css.button} ${css[look]} ${bare ? css.bare : ''} ${className}`}
      title={title ?? (bare ? label : undefined)}
      aria-label={bare ? label : rest['aria-label']}
    >
      {icon !== undefined && <Icon name={icon} />}
      {!bare && children}
    </button>
  )
}
