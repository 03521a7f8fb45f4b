import type { Options } from '../options.ts';
import type { Workbench } from '../workbench.ts';

export async function measurePeers(_bench: Workbench, _options: Options): Promise<void> {}
