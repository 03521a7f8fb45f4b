/** Stands in for `sdk.ts` in the container executable, which has no SDK. */
import { NeedsFullProgram } from '../../needs-full-program.ts';

export const fromSdkProfile: typeof import('./sdk.ts').fromSdkProfile = async (_sources, feature) => {
  throw new NeedsFullProgram(feature);
};
