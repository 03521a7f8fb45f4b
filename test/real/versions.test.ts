/** Another version than the pinned one is as good as none, and the line that says so names it. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder } from '../e2e/folder.ts';
import { describeVersions } from './available.ts';
import { search } from './programs.ts';
import { cephMajor, moduleOf, packageOfScript, requiredModule, requiredPackage } from './versions.ts';

function program(name: string, text: string, home = folder()): string {
  const path = join(home, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

const python = (answer: string) => `#!/bin/sh\n${answer}\n`;

describe('the version that is wanted', () => {
  test.each(['moto', 'opentelemetry-proto'])('%s, as in requirements.txt', (name) => {
    expect(requiredPackage(name)).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test.each(['fake-gcs-server', 'hclfmt', 'kustomize', 'sops'])('%s, as in go-tools.txt', (name) => {
    expect(requiredModule(name)).toMatch(/^v\d+\.\d+\.\d+$/);
  });

  test('a name that is in neither is an error', () => {
    expect(() => requiredPackage('mot')).toThrow('requirements.txt has no line like');
    expect(() => requiredModule('ops')).toThrow('go-tools.txt has no line like');
  });
});

describe('the version that is there', () => {
  test('of a Python script, by the Python that it names', () => {
    const named = program('python3.11', python('echo 5.2.1'));
    expect(packageOfScript(program('moto_server', `#!${named}\n`), 'moto')).toBe('5.2.1');
  });

  test('of a script for another program, by the Python beside it', () => {
    const home = folder();
    program('python3', python('echo 5.2.1'), home);
    expect(packageOfScript(program('moto_server', '#!/usr/bin/env bash\n', home), 'moto')).toBe('5.2.1');
  });

  test.each([
    ['there is no Python', undefined],
    ['its Python has no such package', 'exit 1'],
  ])('of a script does not show where %s', (_, answer) => {
    const home = folder();
    if (answer) program('python3', python(answer), home);
    expect(packageOfScript(program('moto_server', '#!/bin/sh\n', home), 'moto')).toMatch(/does not show/);
  });

  test.each([
    ['\0path\tgithub.com/x/cmd/sops\nmod\tgithub.com/x/v3\tv3.13.3\th1:x=\ndep\tgo\tv1.0.0\n', 'v3.13.3'],
    ['mod\tgithub.com/x\t(devel)\t\n', 'a version that does not show'],
    ['\nmod\tgithub.com/x\t(devel)\t\n', '(devel)'],
    ['#!/bin/sh\n', 'a version that does not show'],
  ])('of a Go program: %j', (bytes, version) => {
    expect(moduleOf(program('sops', bytes))).toBe(version);
  });

  test.each([
    ['ceph version 16.2.15 (618f440892089921) pacific (stable)', '16'],
    ['ceph version 18.2.4-1 (e7ad53) reef', '18'],
    ['no version', 'a version that does not show'],
  ])('of %s', (line, major) => {
    expect(cephMajor(program('radosgw', `#!/bin/sh\necho '${line}'\n`))).toBe(major);
  });
});

describe('a search', () => {
  const versions: Record<string, string> = { '/old': '1', '/new': '3', '/right': '2' };
  const searching = (...paths: string[]) => search(paths, (path) => versions[path] ?? '', '2');

  test('takes the pinned version, wherever it is', () => {
    expect(searching('/old', '/right').path).toBe('/right');
  });

  test.each([
    [['/old', '/new'], ' 2, and found 1 (/old)'],
    [['/new'], ' 2, and found 3 (/new)'],
    [[], ' 2'],
  ])('takes nothing else: %j', (paths, line) => {
    const found = searching(...paths);
    expect(found.path).toBeUndefined();
    expect(describeVersions(found)).toBe(line);
  });
});
