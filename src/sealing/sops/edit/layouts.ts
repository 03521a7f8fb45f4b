/** The layouts of the formats, each loaded when a file has it. */
import type { SopsKind } from '../model.ts';
import type { Layout } from './layout.ts';

/** The file that `readMetadata` and its reader took: a second pass, which checks nothing. */
export async function layOut(text: string, kind: SopsKind): Promise<Layout> {
  switch (kind) {
    case 'dotenv':
      return (await import('./layout-dotenv.ts')).layOutDotenv(text);
    case 'json':
      return (await import('./layout-json.ts')).layOutJson(text);
    case 'yaml':
      return (await import('./layout-yaml.ts')).layOutYaml(text);
  }
}
