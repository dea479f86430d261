import { at, record, text } from '../../../lib/json'
import { Empty } from '../../../ui/State'
import { Pairs } from './Overview'
import css from './record.module.css'

/** Every header as it was sent, in order, with its repetitions; the trailers after them. */
export function Headers({ json }: { json: unknown }) {
  const request = record(at(json, 'request'))
  const response = record(at(json, 'response'))
  if (fields(request, 'headers').length + fields(response, 'headers').length === 0) {
    return (
      <Empty title="No headers">
        <p>Neither the head of the request nor that of the answer was seen.</p>
      </Empty>
    )
  }
  const query = text(json, 'query')
  const version = `HTTP/${text(json, 'version')}`
  return (
    <div className={css.overview}>
      <Message
        title="Request"
        line={`${text(json, 'method')} ${text(json, 'path')}${query === '' ? '' : `?${query}`} ${version}`}
        message={request}
      />
      <Message
        title="Response"
        line={[version, text(json, 'status'), text(json, 'reason')].filter(Boolean).join(' ')}
        message={response}
      />
    </div>
  )
}

function Message({ title, line, message }: { title: string; line: string; message: unknown }) {
  const headers = fields(message, 'headers')
  const trailers = fields(message, 'trailers')
  return (
    <section className={css.part} aria-label={`${title} headers`}>
      <h3>{title}</h3>
      {headers.length === 0 ? (
        <p className={css.dim}>not seen</p>
      ) : (
        <>
          <p className={css.line}>{line}</p>
          <Pairs all={headers} />
        </>
      )}
      {trailers.length > 0 && (
        <>
          <h4>Trailers</h4>
          <Pairs all={trailers} />
        </>
      )}
    </section>
  )
}

export function fields(message: unknown, name: 'headers' | 'trailers'): Array<[string, string]> {
  const found = at(message, name)
  if (!Array.isArray(found)) return []
  return found.flatMap(
    (pair): Array<[string, string]> => (Array.isArray(pair) ? [[String(pair[0] ?? ''), String(pair[1] ?? '')]] : []),
  )
}
