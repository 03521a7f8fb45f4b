/** What a Dockerfile says, as far as the examples go: https://docs.docker.com/reference/dockerfile/ */

export interface Instruction {
  /** In upper case. */
  readonly name: string;
  /** All the rest, with the lines that `\` continues as one. */
  readonly text: string;
}

export function parseDockerfile(text: string): Instruction[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', rest = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
      return { name: name.toUpperCase(), text: rest };
    });
}

export function formatDockerfile(instructions: readonly Instruction[]): string {
  return instructions.map(({ name, text }) => `${name} ${text}\n`).join('');
}

/** The words of an exec form; `undefined` for a shell form, which all but a JSON list of strings silently is. */
export function execForm(text: string): string[] | undefined {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
  } catch {
    return undefined;
  }
}

/** The instructions from each FROM to the next. */
export function stagesOf(instructions: readonly Instruction[]): Instruction[][] {
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  return starts.map((start, index) => instructions.slice(start, starts[index + 1]));
}

/** The image of a `FROM IMAGE [AS NAME]`, and the name. */
export function baseOf(stage: readonly Instruction[]): { image: string; name: string | undefined } {
  const [image = '', , name] = stage[0]?.text.split(/\s+/) ?? [];
  return { image, name };
}
