/** The compiler of capture filters, the one that `qd` has, as WebAssembly: fetched when somebody writes a filter. */

import url from '../../../generated/bpf.wasm?url'
import type { ErrorBody } from '../../wire/api'

/** What it says of a text: what is wrong as the server would say it, or nothing. */
export type Compiler = (text: string) => ErrorBody | null

interface Exports {
  memory: WebAssembly.Memory
  room(len: number): number
  compile(len: number): number
}

/** The compiler of a module; what is wrong counts from the text's own begin. */
export async function compilerOf(module: BufferSource): Promise<Compiler> {
  const { instance } = await WebAssembly.instantiate(module)
  const { memory, room, compile } = instance.exports as unknown as Exports
  return (text) => {
    const bytes = new TextEncoder().encode(text).subarray(0, MOST)
    // Where the room is changes with what it holds.
    const at = room(bytes.length)
    new Uint8Array(memory.buffer, at, bytes.length).set(bytes)
    const len = compile(bytes.length)
    const said: unknown = JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, room(0), len)))
    return isError(said) ? { ...said, request_id: '' } : null
  }
}

let fetched: Promise<Compiler> | null = null

/** The compiler; one for the page. Where it cannot be had the next asks again. */
export function compiler(): Promise<Compiler> {
  fetched ??= fetch(url)
    .then(async (answer) => {
      if (!answer.ok) throw new Error(`the compiler of filters is not there: ${answer.status}`)
      return compilerOf(await answer.arrayBuffer())
    })
    .catch((error: unknown) => {
      fetched = null
      throw error
    })
  return fetched
}

const isError = (said: unknown): said is Omit<ErrorBody, 'request_id'> =>
  typeof said === 'object' && said !== null && 'code' in said

/** Bytes that are shown to it: one more than a filter may have. */
const MOST = 65_537
