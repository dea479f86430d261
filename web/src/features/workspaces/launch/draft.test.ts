import { describe, expect, test } from 'vitest'
import type { BlueprintParam, BlueprintPreview, BlueprintProblem, BlueprintRow } from '../../../wire/api'
import {
  between,
  bounds,
  createRequest,
  type Draft,
  EMPTY,
  isAsked,
  nameProblem,
  offered,
  placed,
  standard,
  variables,
} from './draft'

const param = (name: string, more: Partial<BlueprintParam> = {}): BlueprintParam => ({
  name,
  type: 'string',
  description: '',
  required: false,
  options: [],
  when: '',
  check: '',
  message: '',
  mutable: true,
  ...more,
})
const problem = (pointer: string, message: string, severity = 'error'): BlueprintProblem => ({
  code: 'param_invalid',
  severity,
  blueprint: '',
  pointer,
  file: '',
  line: 0,
  column: 0,
  message,
})
const preview = (more: Partial<BlueprintPreview> = {}): BlueprintPreview => ({
  valid: true,
  name: 'shell',
  fields: [],
  params: {},
  options: {},
  layers: [],
  pod_security: '',
  problems: [],
  ...more,
})
const draft: Draft = { ...EMPTY, cluster: 'dev', namespace: 'lab', name: 'boat', blueprint: 'shell' }

describe('WB-03p the form of a blueprint', () => {
  test('names are those that a workspace can have', () => {
    expect(nameProblem('boat-1')).toBeNull()
    for (const name of ['', '1boat', 'Boat', 'boat_1', 'boat-', `b${'o'.repeat(52)}`]) {
      expect(nameProblem(name), name).not.toBeNull()
    }
  })

  test('BC-09c the file of a repository says what it is made from, where nobody names an image', () => {
    const asked: Draft = { ...draft, byFile: true, repository: 'https://git.example/org/proj', preset: 'big' }
    expect(createRequest(asked, [])).not.toHaveProperty('blueprint')
    expect(createRequest(asked, [])).not.toHaveProperty('preset')
    expect(createRequest({ ...asked, values: { CPU: '1' } }, ['CPU']).params).toEqual({})
    expect(createRequest({ ...asked, repository: ' ' }, []).blueprint).toBe('shell')
    expect(createRequest({ ...asked, image: 'busybox' }, []).blueprint).toBe('shell')
    expect(between({ ...asked, name: '' }, preview({ valid: false, problems: [problem('', 'wrong')] }))).toBe(
      'one thing is wrong',
    )
  })

  test('bounds are said in words, values of a preset stand before those of the parameter', () => {
    expect(bounds(param('CPU', { min: '250m', max: '4' }))).toBe('250m to 4')
    expect(bounds(param('CPU', { max: '4' }))).toBe('at most 4')
    expect(bounds(param('CPU'))).toBe('')
    const cpu = param('CPU', { default: 1 })
    const presets = [{ name: 'large', description: '', params: { CPU: 4 } }]
    const blueprint = { name: 'shell', presets } as unknown as BlueprintRow
    expect(standard(cpu, blueprint, '')).toBe('1')
    expect(standard(cpu, blueprint, 'large')).toBe('4')
    expect(standard(param('FLAG', { default: false }), blueprint, '')).toBe('false')
  })

  test('a parameter with a condition is asked once the server has a value for it or misses one', () => {
    const conditional = param('GPU', { when: 'params.CPU > 2' })
    expect(isAsked(param('CPU'), 0, null)).toBe(true)
    expect(isAsked(conditional, 1, null)).toBe(false)
    expect(isAsked(conditional, 1, preview())).toBe(false)
    expect(isAsked(conditional, 1, preview({ params: { GPU: 'a' } }))).toBe(true)
    expect(isAsked(conditional, 1, preview({ problems: [problem('/params/1', 'has to be given')] }))).toBe(true)
    const refused = problem('/params/1', 'the parameter GPU is not asked for here: its `when` does not hold')
    expect(isAsked(conditional, 1, preview({ problems: [refused] }))).toBe(false)
  })

  test('WB-03q only options that the other parameters leave can be chosen', () => {
    const option = (value: string, when = '') => ({ value, description: '', when })
    const kind = param('KIND', { type: 'enum', options: [option('small'), option('large', "params.DISK == 'fast'")] })
    const values = (of: BlueprintPreview | null) => offered(kind, of).map(({ value }) => value)
    expect(values(null)).toEqual(['small', 'large'])
    expect(values(preview({ options: { KIND: ['small'] } }))).toEqual(['small'])
    expect(values(preview({ valid: false, options: { KIND: ['small', 'large'] } }))).toEqual(['small', 'large'])
  })

  test('WB-03r dotfiles are sent, and what is wrong with them stands under their field', () => {
    const dotfiles = ' https://git.example/ada/dots#main '
    expect(createRequest({ ...draft, dotfiles }, [])).toMatchObject({ dotfiles: dotfiles.trim() })
    expect(createRequest(draft, [])).not.toHaveProperty('dotfiles')
    const { fields } = placed([problem('/dotfiles', 'no repository')], [])
    expect(fields.get('dotfiles')?.length).toBe(1)
  })

  test('only what was filled in, and is asked, is sent', () => {
    const filled = { ...draft, values: { CPU: '2', MEMORY: '', GPU: 'a' }, image: ' images.invalid/shell:1 ' }
    expect(createRequest(filled, ['CPU', 'MEMORY'])).toEqual({
      cluster: 'dev',
      namespace: 'lab',
      name: 'boat',
      blueprint: 'shell',
      image: 'images.invalid/shell:1',
      params: { CPU: '2' },
    })
    expect(createRequest({ ...draft, stopped: true }, [])).toMatchObject({ stopped: true })
  })

  test('problems stand under their fields; those of no field stand above', () => {
    const params = [param('CPU'), param('MEMORY')]
    const all = [
      problem('/params/1', 'too much'),
      problem('/params/1/check', 'odd'),
      problem('/image', 'no image'),
      problem('/apps/code', 'broken'),
      problem('/params/7', 'of nothing'),
    ]
    const { fields, others } = placed(all, params)
    expect(fields.get('MEMORY')?.map(({ message }) => message)).toEqual(['too much', 'odd'])
    expect(fields.get('image')?.length).toBe(1)
    expect(others.map(({ message }) => message)).toEqual(['broken', 'of nothing'])
  })

  test('what is wrong stands between the draft and its launch; what is doubtful does not', () => {
    expect(between({ ...draft, name: '' }, preview())).toContain('name')
    expect(between({ ...draft, blueprint: '' }, preview())).toContain('blueprint or an image')
    expect(between(draft, preview({ problems: [problem('/params/0', 'too much')] }))).toBe('one thing is wrong')
    expect(between(draft, preview({ problems: [problem('/image', 'old', 'warning')] }))).toBeNull()
  })

  test('WX-12f variables are lines, limits and notes are sent when they are given', () => {
    expect(variables('A=1\n\n B_2=x=y \n')).toEqual({ env: { A: '1', B_2: 'x=y ' }, wrong: null })
    expect(variables('A=1\n2B=3').wrong).toBe('no NAME=value: 2B=3')
    const more = { ...draft, cpu: '500m', memory: '1Gi', env: 'A=1', notes: ' for the demo ' }
    expect(createRequest(more, [])).toMatchObject({
      cpu: '500m',
      memory: '1Gi',
      env: { A: '1' },
      notes: 'for the demo',
    })
    expect(between({ ...draft, env: 'nonsense' }, preview())).toContain('nonsense')
  })

  test('WX-12g arguments, labels and ports are sent as they are meant', () => {
    const more = { ...draft, args: '--port\n80 80\n', labels: 'app=web\nexample.org/team=a', ports: '8080, web=3000' }
    expect(createRequest(more, [])).toMatchObject({
      args: ['--port', '80 80'],
      labels: { app: 'web', 'example.org/team': 'a' },
      ports: [{ port: 8080 }, { port: 3000, name: 'web' }],
    })
    expect(between({ ...draft, labels: 'quarterdeck.dev/x=1' }, preview())).toContain('not for you')
    expect(between({ ...draft, labels: 'app' }, preview())).toContain('app')
    for (const ports of ['x', '0', '70000', '2822', '80 80'])
      expect(between({ ...draft, ports }, preview()), ports).toContain('port')
  })

  test('WX-12h a repository names the workspace where nobody does', () => {
    const repository = ' https://git.example/org/proj#main '
    expect(between({ ...draft, name: '', repository }, preview())).toBeNull()
    expect(between({ ...draft, name: 'Bad', repository }, preview())).toContain('name')
    const asked = createRequest({ ...draft, name: '', repository }, [])
    expect(asked).toMatchObject({ repository: repository.trim(), blueprint: 'shell' })
    expect('name' in asked).toBe(false)
    expect(createRequest({ ...draft, repository }, []).name).toBe('boat')
  })
})
