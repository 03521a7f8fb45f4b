/**
 * Replaces a file as git does its index: what is written goes to `PATH.lock`, which only one can make, and takes the
 * file's place at last. A reader sees the old file or the new one, and an interrupted write leaves the old
 * one.
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvsealError } from '../../errors.ts';
import type { Deadline } from '../../net/deadline.ts';
import type { FileSource } from '../../source-uri.ts';
import { conflict } from '../conflict.ts';
import type { Expected, Revision, Written } from '../contract.ts';
import { explainErrno } from './errors.ts';

export interface FileWrite {
  readonly source: FileSource;
  readonly bytes: Uint8Array;
  readonly expected: Expected;
  readonly revisionOf: (bytes: Uint8Array) => Revision;
}

/** A write takes milliseconds: longer than this, in ms, the lock belongs to a process that died. */
const MAX_LOCK_WAIT_MS = 5_000;
/** Longest pause between two tries, in ms. */
const MAX_PAUSE_MS = 50;

/** Symbolic links that lead to a file: Linux follows 40. https://man7.org/linux/man-pages/man7/path_resolution.7.html */
const MAX_LINKS = 40;

/** Waits for the lock of another writer. Throws `conflict` also where that stays. */
export async function replaceFile(write: FileWrite, deadline: Deadline): Promise<Written> {
  const { source } = write;
  const end = performance.now() + Math.min(MAX_LOCK_WAIT_MS, deadline.remainingMs());
  for (;;) {
    const written = tryReplace(write);
    if (written !== undefined) return written;
    const pause = Math.random() * MAX_PAUSE_MS;
    if (performance.now() + pause >= end) throw locked(source);
    await sleep(pause, undefined, { signal: deadline.signal }).catch(() => {
      throw deadline.signal.reason;
    });
  }
}

function locked({ uri, path }: FileSource): EnvsealError {
  return new EnvsealError('conflict', `${uri}: someone else is writing it`, {
    hint: `nothing was written: try again; if no other envseal is running, remove ${path}.lock`,
  });
}

/**
 * `undefined` where another writer has the lock. Without a pause from the making of the lock to its end, so that no stop
 * signal comes between and leaves it behind.
 */
function tryReplace(write: FileWrite): Written | undefined {
  const { path } = write.source;
  try {
    const target = followLinks(path);
    const lock = `${target}.lock`;
    const fd = makeLock(lock);
    if (fd === undefined) return undefined;
    try {
      return fill(write, target, { path: lock, fd });
    } catch (error) {
      unlinkSync(lock);
      throw error;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw explainErrno(error, path);
  }
}

function fill(write: FileWrite, target: string, lock: { path: string; fd: number }): Written {
  const before = statOf(target);
  check(write, target, before);
  if (before !== undefined) inherit(lock.fd, before);
  writeFileSync(lock.fd, write.bytes);
  fsyncSync(lock.fd);
  renameSync(lock.path, target);
  syncDirectory(dirname(target));
  const revision = write.revisionOf(write.bytes);
  return { version: undefined, revision, sealing: { kind: 'none' }, requestIds: [] };
}

function makeLock(path: string): number | undefined {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
}

/** Throws `conflict`, and EISDIR for anything that is not a regular file. */
function check({ source, expected, revisionOf }: FileWrite, target: string, before: Stats | undefined): void {
  if (before !== undefined && !before.isFile()) throw Object.assign(new Error(), { code: 'EISDIR' });
  if (expected === 'anything') return;
  if (before === undefined) {
    if (expected !== 'nothing') throw conflict(source, expected, 'absent');
    return;
  }
  if (expected !== 'nothing' && revisionOf(readFileSync(target)) === expected.revision) return;
  throw conflict(source, expected, { version: undefined, modified: before.mtime });
}

/** Owner and mode. Only root may give files away: for others the new file is theirs, as with any editor. */
function inherit(fd: number, { uid, gid, mode }: Stats): void {
  try {
    fchownSync(fd, uid, gid);
  } catch {}
  fchmodSync(fd, mode & 0o7777);
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** What a symbolic link points to is replaced, not the link, also where nothing is there yet. */
function followLinks(path: string): string {
  let target = path;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const next = readLink(target);
    if (next === undefined) return target;
    target = resolve(realpathSync(dirname(target)), next);
  }
  throw Object.assign(new Error(), { code: 'ELOOP' });
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EINVAL' || code === 'ENOENT') return undefined;
    throw error;
  }
}

/** So that the new name outlives a crash. Not every file system can, and the file itself is written. */
export function syncDirectory(path: string): void {
  try {
    const fd = openSync(join(path, '.'), 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {}
}
