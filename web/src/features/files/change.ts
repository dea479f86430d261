/** What is done to files and folders, once policy has what it wants. */

import type { Selected } from '../../lib/route'
import { UNANSWERED } from '../../ui/answers'
import type { Console } from '../../ui/console'
import type { Answers } from '../../wire/api'
import { deleteFile, makeFolder, renameFile } from '../../wire/files'
import type { Ask } from './Asking'
import { within } from './listing'

/** Makes, renames or deletes in the folder `here`. */
export async function change(
  wants: Console['wants'],
  workspace: Selected,
  here: string,
  ask: Ask,
  text: string,
): Promise<void> {
  if (ask.is === 'folder') {
    const make = (answers: Answers) => makeFolder(workspace, within(here, text), answers)
    await wants.answered(`Make ${text} in ${workspace.name}`, 'Make it', make)
    return
  }
  const { name, path } = ask.entry
  if (ask.is === 'rename') {
    const rename = (answers: Answers) => renameFile(workspace, path, within(here, text), answers)
    await wants.answered(`Rename ${name} in ${workspace.name}`, 'Rename', rename)
    return
  }
  // That it shall go was asked already.
  const given = { ...UNANSWERED, confirm: true }
  const go = (answers: Answers) => deleteFile(workspace, path, answers)
  await wants.answered(`Delete ${name} in ${workspace.name}`, 'Delete', go, given)
}
