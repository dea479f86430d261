/** Parts of the page of a workspace that other features draw; `app` joins them, for features import none of each other. */

import type { Selected } from '../lib/route'
import type { Part } from './useLoaded'

export interface WorkspacePart {
  workspace: Selected
}

export interface WorkspaceParts {
  terminal?: Part<WorkspacePart>
  files?: Part<WorkspacePart>
}
