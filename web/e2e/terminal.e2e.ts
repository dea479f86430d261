/** The journeys of a shell and of files: typed, reloaded, lost and found, followed, uploaded, fetched. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { press, start, until, violations } from './harness'
import { temporary } from './temporary'
import { ready, workspace, type Yard, yard } from './workspace'

let here: Yard
let page: Page
const faults: string[] = []

beforeAll(async () => {
  here = await yard('term', workspace('', 'desk'))
  ready(here.namespace, 'desk')
  page = await here.bench.context.newPage()
  page.setDefaultTimeout(20_000)
  page.on('console', (said) => {
    if (said.type() === 'error' && /Content Security|Refused to/.test(said.text())) faults.push(said.text())
  })
}, 120_000)
afterAll(() => here?.close(), 60_000)

const go = (part: string) =>
  page.goto(`${here.bench.origin}/?view=workspaces&ws=${here.cluster}/${here.namespace}/desk&part=${part}`)
/** What stands on the screen that is shown. */
const screen = async () =>
  ((await page.locator('[data-shown=true] .xterm-rows').textContent()) ?? '').replaceAll('\u00a0', ' ')
const shows = (text: string) => until(screen, (all) => all.includes(text), `“${text}” on the screen`)
const type = async (text: string) => {
  await page.keyboard.type(text)
  await press(page, 'Enter')
}
const picture = (name: string) => page.screenshot({ path: `screenshots/${name}.png` })
const entries = () => page.locator('[role=listbox][aria-label="Entries of the folder"] [role=option]').allInnerTexts()
const has = (name: string) => until(entries, (all) => all.some((one) => one.includes(name)), `${name} in the folder`)

describe('a shell', () => {
  test('AC-82f shows what is typed, in its colours, and has every key but those of the table', async () => {
    await go('terminal')
    await page.waitForSelector('[data-shown=true] .xterm-rows')
    await until(screen, (all) => /[$#]/.test(all), 'a prompt')
    await type('echo $((41+1))-is-there')
    await shows('42-is-there')
    await type("printf '\\e[1;38;2;10;90;30mtrue\\e[0m colour \\303\\244 \\346\\274\\242 \\360\\237\\232\\200\\n'")
    await shows('true colour ä 漢 🚀')
    const coloured = page.locator('.xterm-rows span', { hasText: /^true$/ }).first()
    expect(await coloured.evaluate((one) => (one as HTMLElement).style.color)).toMatch(/rgb|#/)
    await type('cat -v')
    await press(page, 'Escape', 'Control+k')
    await press(page, 'Enter')
    await shows('^[^K')
    await press(page, 'Control+c')
    expect(faults, 'the policy for contents was kept').toEqual([])
    expect(await violations(page)).toEqual([])
    await picture('terminal')
  })

  test('AC-82g is there after a reload, with its screen', async () => {
    const shells = () => page.evaluate(() => JSON.stringify(Object.entries(sessionStorage)))
    const before = await shells()
    expect(before).toContain('sh-')
    await type('kept=over-the-reload')
    await page.reload()
    await page.waitForSelector('[data-shown=true] .xterm-rows')
    await shows('42-is-there')
    expect(await shells()).toBe(before)
    await type('echo $kept-$((1+1))')
    await shows('over-the-reload-2')
  })

  test('AC-82h finds text, copies, asks before it runs many lines, and lets go by a key', async () => {
    await press(page, 'Control+Shift+F')
    await page.getByRole('searchbox', { name: 'Find in the terminal' }).fill('42-is')
    await page.getByText(/\d+ of \d+/).waitFor()
    await press(page, 'Escape')
    const line = page.locator('[data-shown=true] .xterm-rows > div', { hasText: '42-is-there' }).last()
    const box = await line.boundingBox()
    await page.mouse.dblclick((box?.x ?? 0) + 20, (box?.y ?? 0) + 8)
    await until(
      () => page.evaluate(() => navigator.clipboard.readText()),
      (text) => text.includes('42'),
      'what was selected in the clipboard',
    )
    // A program that does not ask for pastes as such gets none without a question.
    await type('cat > pasted')
    await page.evaluate(() => navigator.clipboard.writeText('one\ntwo\nthree'))
    await press(page, 'Control+Shift+V')
    const ask = page.getByText('Paste 3 lines?')
    await Promise.race([ask.waitFor(), shows('three')])
    if (await ask.isVisible()) await page.getByRole('button', { name: 'Paste', exact: true }).click()
    await shows('three')
    await press(page, 'Enter', 'Control+d')
    await type('wc -l pasted')
    await shows('3 pasted')
    await press(page, 'Control+Shift+L')
    await page.waitForSelector('[role=tab][aria-selected=true]:focus')
  })

  test('AC-82i has others beside it, and a shell that was left is found again', async () => {
    await page.getByRole('button', { name: 'New shell' }).click()
    await until(
      async () => page.locator('[role=tablist][aria-label=Shells] [role=tab]').count(),
      (n) => n === 2,
      'two',
    )
    await until(screen, (all) => /[$#]/.test(all), 'a prompt')
    await page.locator('[data-shown=true] .xterm-screen').click()
    await type('echo second-$((1+1))')
    await shows('second-2')
    await page.getByRole('button', { name: 'Leave this shell' }).click()
    await shows('3 pasted')
    await page.getByRole('button', { name: /without a tab here/ }).click()
    await page.getByRole('menuitem').first().click()
    await shows('second-2')
    await page.locator('[data-shown=true] .xterm-screen').click()
    await type('exit 3')
    await page.getByText('The shell has ended with 3.').waitFor()
    await picture('terminal-ended')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await shows('3 pasted')
  })

  test('AC-82j comes back by itself when the server was killed', async () => {
    await here.bench.kill()
    await page.getByText('The connection is lost; the shell runs on.').waitFor()
    await picture('terminal-lost')
    await here.bench.restart()
    await page.getByText('The connection is lost').waitFor({ state: 'detached', timeout: 60_000 })
    await shows('3 pasted')
    await page.locator('[data-shown=true] .xterm-screen').click()
    await type('echo $kept-$((2+2))')
    await shows('over-the-reload-4')
  }, 120_000)
})

describe('files', () => {
  test('AC-82k follow the shell, and send it elsewhere', async () => {
    await page.getByRole('button', { name: 'Files beside the shell' }).click()
    await has('pasted')
    await page.locator('[data-shown=true] .xterm-screen').click()
    await type('mkdir -p "odd one\'s/deep"; cd "odd one\'s"')
    await has('deep')
    await page.getByRole('navigation', { name: 'Folder' }).getByRole('button', { name: '~' }).click()
    await has('pasted')
    await page.getByRole('listbox', { name: 'Entries of the folder' }).focus()
    await press(page, 'c')
    await type('echo here-$PWD-$((1+1))')
    await shows('-2')
    expect(await screen()).not.toContain("odd one's-2")
    expect(await violations(page)).toEqual([])
    await picture('terminal-files')
  })

  test('AC-82l go both ways, by keyboard, equal to the byte', async () => {
    await go('files')
    await has('pasted')
    const list = page.getByRole('listbox', { name: 'Entries of the folder' })
    await list.focus()
    await press(page, 'Shift+N')
    await page.keyboard.type('box')
    await press(page, 'Enter')
    await has('box')
    await until(
      async () => page.locator('[role=option][aria-selected=true]').textContent(),
      (text) => text?.includes('box') === true,
      'the new folder chosen',
    )
    await press(page, 'Enter')
    await page.getByText('Nothing is here').waitFor()
    const bytes = Buffer.alloc(9 << 20, 'wave after wave ')
    const file = join(temporary('upload-'), 'sea.bin')
    writeFileSync(file, bytes)
    await page.locator('input[type=file]').setInputFiles([file])
    await has('sea.bin')
    await page.locator('input[type=file]').setInputFiles([file])
    await page.getByText('there is one of this name').waitFor()
    await picture('files-exists')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Replace it' }).click()
    await page.getByText('there is one of this name').waitFor({ state: 'detached' })
    await until(
      () => page.locator('[aria-label=Uploads]').count(),
      (n) => n === 0,
      'all uploaded',
    )
    await list.focus()
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'd')])
    expect(download.suggestedFilename()).toBe('sea.bin')
    expect(readFileSync(await download.path()).equals(bytes)).toBe(true)
    await press(page, 'r')
    await page.keyboard.type('.tide')
    await press(page, 'Enter')
    await page.getByText('1 hidden').waitFor()
    await press(page, '.')
    await has('.tide')
    await list.focus()
    await press(page, 'Backspace')
    await has('box')
    const [archive] = await Promise.all([page.waitForEvent('download'), press(page, 'd')])
    expect(archive.suggestedFilename()).toBe('box.zip')
    await picture('files')
    await page.locator('[role=option]', { hasText: 'box' }).click({ button: 'right' })
    expect(await page.getByRole('menuitem').allTextContents()).toHaveLength(4)
    await page.getByRole('menuitem', { name: /Delete/ }).click()
    await page.getByText('Delete box and all that it holds?').waitFor()
    await press(page, 'Enter')
    await until(entries, (all) => !all.some((one) => one.includes('box')), 'it is gone')
    expect(faults).toEqual([])
  })

  test('AC-82m come by being dropped on a folder', async () => {
    await press(page, 'Shift+N')
    await page.keyboard.type('dock')
    await press(page, 'Enter')
    await has('dock')
    const data = await page.evaluateHandle(() => {
      const made = new DataTransfer()
      made.items.add(new File(['cargo'], 'crate.txt'))
      return made
    })
    await page
      .locator('[role=option]', { hasText: 'dock' })
      .locator('[data-dir=true]')
      .dispatchEvent('drop', { dataTransfer: data })
    await page.getByRole('listbox', { name: 'Entries of the folder' }).focus()
    await press(page, 'Enter')
    await has('crate.txt')
  })
})

describe('a shell and its files beside each other, by mouse', () => {
  const shell = () => page.locator('[data-shown=true] .xterm-screen')
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const say = async (line: string) => {
    await shell().click()
    await type(line)
  }
  /** The lines that are drawn. */
  const lines = async () => {
    const all = await page.locator('[data-shown=true] .xterm-rows > div').allTextContents()
    return all.map((line) => line.replaceAll('\u00a0', ' ').trimEnd())
  }
  let asked = 0
  /** How large the shell's own system says its terminal is, once that is what is drawn. */
  const measured = async () => {
    const size = async () => {
      asked += 1
      await type(`echo size-${asked}-$(stty size | tr ' ' x)-`)
      const told = new RegExp(`size-${asked}-(\\d+)x(\\d+)-`)
      const [, rows, cols] = told.exec(await until(screen, (all) => told.test(all), 'the size of the terminal')) ?? []
      return { rows: Number(rows), cols: Number(cols), drawn: (await lines()).length }
    }
    return until(size, ({ rows, drawn }) => rows === drawn, 'as many rows as are drawn')
  }
  /** A line as long as the terminal is wide stands in one row, and nothing stands outside of its box. */
  const fits = async (cols: number) => {
    await type(`printf '%0*d\\n' ${cols} 7`)
    await until(lines, (all) => all.includes(`${'0'.repeat(cols - 1)}7`), 'a whole row')
    const [box, drawn] = [await page.locator('[data-shown=true]').boundingBox(), await shell().boundingBox()]
    if (box === null || drawn === null) throw new Error('no terminal is drawn')
    expect(drawn.x + drawn.width).toBeLessThanOrEqual(box.x + box.width)
    expect(drawn.y + drawn.height).toBeLessThanOrEqual(box.y + box.height)
  }
  /** One of the menu of an entry. */
  const choose = async (entry: string, item: RegExp) => {
    await page.locator('[role=option]', { hasText: entry }).click({ button: 'right' })
    await page.getByRole('menuitem', { name: item }).click()
  }

  test('AC-82 typed, copied, pasted, resized, reloaded; followed, sent, made, uploaded, dropped, fetched, hidden, renamed, deleted', async () => {
    await page.close()
    page = await here.bench.context.newPage()
    page.setDefaultTimeout(20_000)
    page.on('console', (said) => {
      if (said.type() === 'error' && /Content Security|Refused to/.test(said.text())) faults.push(said.text())
    })
    await go('terminal')
    await until(screen, (all) => /[$#]/.test(all), 'a prompt')
    const beside = button('Files beside the shell')
    if ((await beside.getAttribute('aria-pressed')) !== 'true') await beside.click()
    const hidden = button('Hidden files')
    if ((await hidden.getAttribute('aria-pressed')) === 'true') await hidden.click()
    await has('dock')

    // The explorer goes where the shell goes.
    await say('mkdir -p yard/inner; cd yard; echo in-$((1+1))')
    await shows('in-2')
    await has('inner')

    // What is selected is copied; what is pasted is typed.
    const line = page.locator('[data-shown=true] .xterm-rows > div', { hasText: /^in-2\s*$/ })
    const box = await line.boundingBox()
    await page.mouse.dblclick((box?.x ?? 0) + 12, (box?.y ?? 0) + 8)
    await until(
      () => page.evaluate(() => navigator.clipboard.readText()),
      (text) => text === 'in-2',
      'what was selected in the clipboard',
    )
    await page.evaluate(() => navigator.clipboard.writeText('echo "from-the-clipboard-$((3+4))"'))
    await shell().click()
    await press(page, 'Control+Shift+V', 'Enter')
    await shows('from-the-clipboard-7')

    // A program that runs is told of each new size, and what is drawn is as large.
    const before = await measured()
    await fits(before.cols)
    await type('was=$(stty size); while [ "$(stty size)" = "$was" ]; do sleep 0.1; done; echo told-$((4+4))')
    await page.setViewportSize({ width: 1100, height: 640 })
    await shows('told-8')
    const small = await measured()
    expect(small.rows).toBeLessThan(before.rows)
    expect(small.cols).toBeLessThan(before.cols)
    await fits(small.cols)
    await picture('terminal-small')
    await beside.click()
    await shell().click()
    await until(measured, ({ cols }) => cols > small.cols, 'the room of the files')
    await beside.click()
    await page.setViewportSize({ width: 1440, height: 900 })
    await shell().click()
    const { drawn: _, ...size } = before
    expect(await until(measured, ({ cols }) => cols === before.cols, 'the first size')).toMatchObject(size)

    // Up leads the explorer alone, and the shell follows when it is sent.
    await has('inner')
    await button('Up').click()
    await has('dock')
    const folder = await page.getByRole('navigation', { name: 'Folder' }).getAttribute('title')
    await say('echo "at-$PWD-is"')
    await shows(`at-${folder}/yard-is`)
    await has('dock')
    await button('Send the shell here').click()
    await say('echo "at-$PWD-is"')
    await shows(`at-${folder}-is`)

    // Folders and files come by buttons and by being dropped.
    await button('New folder').click()
    await page.getByRole('textbox', { name: 'New folder' }).fill('crates')
    await button('Make it').click()
    await has('crates')
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), button('Upload').click()])
    await chooser.setFiles([{ name: 'sail.txt', mimeType: 'text/plain', buffer: Buffer.from('canvas') }])
    await has('sail.txt')
    const data = await page.evaluateHandle(() => {
      const made = new DataTransfer()
      made.items.add(new File(['hemp'], 'rope.txt'))
      return made
    })
    const target = page.locator('[role=option]', { hasText: 'crates' }).locator('[data-dir=true]')
    const taken = await target.evaluate((on, dataTransfer) => {
      const drag = (kind: string) => new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer })
      return ['dragover', 'drop'].map((kind) => !on.dispatchEvent(drag(kind)))
    }, data)
    expect(taken, 'the page takes what is dragged there').toEqual([true, true])
    await target.dblclick()
    await has('rope.txt')
    await say('cat sail.txt crates/rope.txt; echo')
    await shows('canvashemp')
    await picture('terminal-beside')
    expect(await violations(page)).toEqual([])

    // One is fetched, gets another name, is hidden, shown, and goes.
    const [fetched] = await Promise.all([page.waitForEvent('download'), choose('rope.txt', /Download/)])
    expect(readFileSync(await fetched.path(), 'utf8')).toBe('hemp')
    await choose('rope.txt', /Rename/)
    await page.getByRole('textbox', { name: 'New name' }).fill('.rope')
    await button('Rename').click()
    await page.getByText('1 hidden').waitFor()
    await hidden.click()
    await has('.rope')
    await choose('.rope', /Delete/)
    await page
      .getByRole('form', { name: /Delete .rope/ })
      .getByRole('button', { name: 'Delete' })
      .click()
    await page.getByText('Nothing is here').waitFor()
    await hidden.click()
    await say('echo "left-$(ls -A crates | wc -l)-there"')
    await shows('left-0-there')

    // All of it is there after a reload: the same shell with its screen, and the files beside it.
    await page.reload()
    await shows('left-0-there')
    await has('sail.txt')
    await say('echo "$was" | tr " " x')
    await shows(`${before.rows}x${before.cols}`)
    expect(faults, 'the policy for contents was kept').toEqual([])
    expect(await violations(page)).toEqual([])
  }, 120_000)
})

describe('a cluster that is production', () => {
  test('EX-11f asks in a dialog before a shell is opened, files are changed or come, and an app is opened', async () => {
    const guarded = await start({ env: { QD__CLUSTERS__PRODUCTION: JSON.stringify([here.cluster]) }, quiet: true })
    const other = await guarded.context.newPage()
    try {
      other.setDefaultTimeout(20_000)
      const at = (part: string) =>
        `${guarded.origin}/?view=workspaces&ws=${here.cluster}/${here.namespace}/desk&part=${part}`
      const yes = async (title: RegExp) => {
        await other.getByRole('dialog', { name: title }).waitFor()
        await other.waitForSelector('[role=dialog] button[type=submit]:focus')
        await press(other, 'Enter')
        await other.waitForSelector('[role=dialog]', { state: 'detached' })
      }
      const list = other.getByRole('listbox', { name: 'Entries of the folder' })
      const names = () => list.locator('[role=option]').allInnerTexts()
      const holds = (name: string) =>
        until(names, (all) => all.some((one) => one.includes(name)), `${name} in the folder`)
      await other.goto(at('terminal'))
      await yes(/Open a shell in desk/)
      const drawn = async () => ((await other.locator('[data-shown=true] .xterm-rows').textContent()) ?? '').trim()
      await until(drawn, (all) => /[$#]/.test(all), 'a prompt')

      await other.goto(at('files'))
      await list.focus()
      await press(other, 'Shift+N')
      await other.keyboard.type('guarded')
      await press(other, 'Enter')
      await yes(/Make guarded in desk/)
      await holds('guarded')
      const file = join(temporary('upload-'), 'guarded.txt')
      writeFileSync(file, 'cargo')
      await other.locator('input[type=file]').setInputFiles([file])
      await yes(/Upload guarded.txt to desk/)
      await holds('guarded.txt')
    } finally {
      await other.close()
      await guarded.close()
    }
  }, 120_000)
})
