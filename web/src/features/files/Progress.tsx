import { Button } from '../../ui/Button'
import { useStore } from '../../ui/console'
import css from './files.module.css'
import { size } from './listing'
import type { Uploads } from './uploads'

/** Uploads that are on their way, or wait for a word. */
export function Progress({ uploads }: { uploads: Uploads }) {
  const all = useStore(uploads.all)
  if (all.length === 0) return null
  return (
    <ul className={css.uploads} aria-label="Uploads">
      {all.map(({ id, name, have, size: whole, is, error }) => (
        <li key={id}>
          <span className={css.name}>{name}</span>
          {is === 'exists' || is === 'failed' ? (
            <span className={css.fault} role="alert">
              {is === 'exists' ? 'there is one of this name' : error?.message}
            </span>
          ) : (
            <>
              <progress
                className={css.progress}
                max={Math.max(1, whole)}
                value={have}
                aria-label={`How far ${name} is`}
              />
              <span className={css.size}>
                {size(have)} of {size(whole)}
              </span>
            </>
          )}
          {is === 'exists' && (
            <Button look="outlined" onClick={() => uploads.again(id)}>
              Replace it
            </Button>
          )}
          {is === 'failed' && (
            <Button look="outlined" onClick={() => uploads.again(id)}>
              Try again
            </Button>
          )}
          <Button bare icon="close" onClick={() => uploads.drop(id)}>
            Leave it
          </Button>
        </li>
      ))}
    </ul>
  )
}
