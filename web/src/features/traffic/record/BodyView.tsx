import { useState } from 'react'
import { size } from '../../../lib/text'
import { Choices } from '../../../ui/Choices'
import { Empty } from '../../../ui/State'
import { type Body, bodies, bytesOf, hex, imageOf, parsed, protobuf } from './bodies'
import { JsonTree } from './JsonTree'
import { ProtoTree } from './ProtoTree'
import css from './record.module.css'

/** The bodies: as a tree of JSON, as text, as bytes. Never as a page. */
export function BodyView({ json }: { json: unknown }) {
  const all = bodies(json)
  if (all.length === 0) {
    return (
      <Empty title="No body">
        <p>Neither side sent one, or none of it was seen.</p>
      </Empty>
    )
  }
  return (
    <div className={css.overview}>
      {all.map((body) => (
        <One key={body.title} body={body} />
      ))}
    </div>
  )
}

type Way = 'tree' | 'protobuf' | 'image' | 'text' | 'hex'
const TITLES: Readonly<Record<Way, string>> = {
  tree: 'JSON',
  protobuf: 'protobuf',
  image: 'image',
  text: 'text',
  hex: 'hex',
}

function One({ body }: { body: Body }) {
  const tree = body.text === null ? null : parsed(body.text)
  const messages = protobuf(body)
  const image = imageOf(body)
  const ways: Way[] = [
    ...(tree === null ? [] : (['tree'] as const)),
    ...(messages === null ? [] : (['protobuf'] as const)),
    ...(image === null ? [] : (['image'] as const)),
    ...(body.text === null ? [] : (['text'] as const)),
    'hex',
  ]
  const [chosen, setChosen] = useState<Way | null>(null)
  const way = chosen !== null && ways.includes(chosen) ? chosen : (ways[0] ?? 'hex')
  const nothing = body.text === null && body.bytes === null
  const note = [body.type, body.length === null ? '' : size(body.length), body.cut ? 'the begin of it' : ''].filter(
    Boolean,
  )
  return (
    <section className={css.part} aria-label={`${body.title} body`}>
      <h3>
        {body.title} <span className={css.mono}>{note.join(' · ')}</span>
      </h3>
      {nothing ? (
        <p className={css.dim}>Its length was counted; the content was not kept.</p>
      ) : (
        <>
          <Choices
            legend={`${body.title} as`}
            of={ways.map((name) => [name, TITLES[name]] as const)}
            chosen={way}
            choose={setChosen}
          />
          {way === 'tree' && tree !== null && <JsonTree value={tree.value} />}
          {way === 'protobuf' && messages !== null && <ProtoTree messages={messages} />}
          {way === 'image' && image !== null && <Picture source={image} name={body.title} />}
          {way === 'text' && <Lines name={css.text} text={body.text ?? ''} />}
          {way === 'hex' && <Lines name={css.hex} text={hex(bytesOf(body)).join('\n')} />}
        </>
      )}
    </section>
  )
}

function Lines({ name, text }: { name: string | undefined; text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key
    <pre className={name} dir="auto" tabIndex={0}>
      {text}
    </pre>
  )
}

function Picture({ source, name }: { source: string; name: string }) {
  const [size, setSize] = useState('')
  return (
    <figure className={css.picture}>
      <img
        src={source}
        alt={`${name} body`}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setSize(`${naturalWidth} × ${naturalHeight}`)}
        onError={() => setSize('not a whole image')}
      />
      <figcaption className={css.dim}>{size}</figcaption>
    </figure>
  )
}
