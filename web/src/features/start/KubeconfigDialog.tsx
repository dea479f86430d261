import { useConsole, useStore } from '../../ui/console'
import { Modal } from '../../ui/Modal'
import type { KubeconfigAdded } from '../../wire/api'
import { KubeconfigForm } from './KubeconfigForm'
import css from './kubeconfig.module.css'

/** Another kubeconfig while the console runs; then one stands at the first of its clusters. */
export function KubeconfigDialog() {
  const console = useConsole()
  if (useStore(console.overlay)?.is !== 'kubeconfig') return null
  const close = () => console.overlay.set(null)
  const done = ({ added, known }: KubeconfigAdded) => {
    close()
    const [first] = added
    if (first === undefined) {
      console.results.add(false, `nothing new: ${known.join(', ')} ${known.length === 1 ? 'is' : 'are'} here already`)
      return
    }
    console.results.add(true, `${added.length === 1 ? '1 cluster' : `${added.length} clusters`}: ${added.join(', ')}`)
    console.navigation.go({ clusters: [first], namespaces: [], filter: '', object: null })
  }
  return (
    <Modal title="Another kubeconfig" onClose={close}>
      <div className={css.dialog}>
        <p className={css.about}>
          Its clusters stand beside those that are here, until <code>qd</code> ends. A path is read on the machine where{' '}
          <code>qd</code> runs.
        </p>
        <KubeconfigForm done={done} close={close} />
      </div>
    </Modal>
  )
}
