/** The editor, and the options that keep it from writing values to disk. */
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { EnvsealError } from '../errors.ts';
import type { Host } from '../host.ts';
import { toByteString } from '../system/bytes.ts';

/** Specified by POSIX, and once part of every distribution's base image. */
const USUAL_EDITOR = 'vi';

/**
 * Vim writes deleted lines to ~/.viminfo, and with common settings undo files, backups and swap files to folders on a
 * disk. `-n` is for the swap file, which exists before any `-c`.
 */
const QUIET_VIM = ['-n', '-c', 'set viminfo= noundofile nobackup nowritebackup'];
/** vim, vim.tiny, vimx, gvim, nvim; vi is often a link to one of them. */
const IS_VIM = /^[gn]?vim/;

/** The words that start it; the file's path comes after them. Throws `configuration` where there is none. */
export function findEditor({ variables, system }: Pick<Host, 'variables' | 'system'>): readonly string[] {
  const { VISUAL = '', EDITOR = '' } = variables;
  const chosen = [VISUAL, EDITOR].map(splitWords).find((words) => words.length > 0);
  const [name = '', ...args] = chosen ?? [USUAL_EDITOR];
  const path = candidates(name, variables.PATH ?? '').find((candidate) => isExecutable(candidate, system));
  if (path !== undefined) return [path, ...(isVim(path) ? QUIET_VIM : []), ...args];
  throw chosen === undefined ? noEditor() : notFound(name);
}

/** No shell is involved, so there are no quotes. */
function splitWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function candidates(name: string, path: string): string[] {
  if (name.includes('/')) return [name];
  return path.split(':').map((folder) => `${folder === '' ? '.' : folder}/${name}`);
}

function isExecutable(path: string, system: Host['system']): boolean {
  try {
    system.checkExecutable(toByteString(path));
    return true;
  } catch {
    return false;
  }
}

function isVim(path: string): boolean {
  return IS_VIM.test(basename(realpathSync(path)));
}

function noEditor(): EnvsealError {
  return new EnvsealError('configuration', 'no editor', {
    hint: 'set EDITOR, for example EDITOR=nano, or change single variables with envseal set',
  });
}

function notFound(name: string): EnvsealError {
  return new EnvsealError('configuration', `editor not found: ${name}`, {
    hint: 'check VISUAL and EDITOR: a program on the PATH and its arguments, separated by white space',
  });
}
