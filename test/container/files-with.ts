import { run } from './program.ts';

/** The files in these folders that have the text. It comes to grep by stdin: argv is for everybody to see. */
export async function filesWith(text: string, folders: readonly string[]): Promise<string[]> {
  const options = ['--recursive', '--files-with-matches', '--fixed-strings', '--file=-', '--'];
  const { status, stdout, stderr } = await run('grep', [...options, ...folders], { input: text });
  if (status > 1) throw new Error(`grep: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}
