import { useEffect, useRef } from 'react'
import css from './yaml.module.css'
import { mountYaml, type YamlView } from './yamlEditor'

/** The object as YAML, read-only, with folding and search. Loaded only when it is first opened. */
export default function Yaml({ text }: { text: string }) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<YamlView>(null)
  useEffect(() => {
    if (host.current === null) return
    view.current = mountYaml(host.current)
    return () => {
      view.current?.destroy()
      view.current = null
    }
  }, [])
  useEffect(() => view.current?.show(text), [text])
  return <div ref={host} className={css.host} />
}
