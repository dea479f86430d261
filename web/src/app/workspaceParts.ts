import { part } from '../ui/useLoaded'
import type { WorkspaceParts } from '../ui/workspaceParts'

/** Fetched when they are first looked at; a part that is not here has no tab. */
export const WORKSPACE_PARTS: WorkspaceParts = {
  terminal: part(() => import('./TerminalPart')),
  files: part(() => import('./FilesPart')),
}
