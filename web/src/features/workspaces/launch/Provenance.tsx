import { Fragment, useState } from 'react'
import { Choices } from '../../../ui/Choices'
import type { BlueprintField, BlueprintPreview } from '../../../wire/api'
import css from './provenance.module.css'

const SHOWN = [
  [false, 'Set'],
  [true, 'All'],
] as const
const WORDS = [
  [false, 'Who'],
  [true, 'Why'],
] as const

/** Every field with its value and whose word it is; defaults on demand, a sentence for each likewise. */
export function Provenance({ preview }: { preview: BlueprintPreview }) {
  const [all, setAll] = useState(false)
  const [why, setWhy] = useState(false)
  const fields = preview.fields.filter(({ layer }) => all || layer !== 'default')
  return (
    <div className={css.provenance}>
      <div className={css.choices}>
        <Choices legend="Which fields" of={SHOWN} chosen={all} choose={setAll} />
        <Choices legend="What is said of each" of={WORDS} chosen={why} choose={setWhy} />
        <span className={css.count}>
          {fields.length} of {preview.fields.length} fields
        </span>
      </div>
      <table className={css.fields} aria-label="Fields of the blueprint">
        <thead className="unseen">
          <tr>
            <th>Field</th>
            <th>Value</th>
            <th>Set by</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <Fragment key={field.pointer}>
              <tr title={field.why}>
                <th scope="row" title={field.pointer}>
                  {field.pointer.slice(1)}
                </th>
                <td>{shown(field)}</td>
                <td className={css[`layer-${field.layer}`] ?? css.layer}>
                  {field.layer}
                  {field.blueprint !== '' && ` ${field.blueprint}`}
                </td>
              </tr>
              {why && field.why !== '' && (
                <tr className={css.why}>
                  <td colSpan={3}>{field.why}</td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function shown({ value }: BlueprintField): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
