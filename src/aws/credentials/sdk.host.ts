/** In the place of `sdk-credentials.ts` in the small executable, which has no SDK. */
import { NeedsFullProgram } from '../../full-program.ts';

export const fromSdkProfile: typeof import('./sdk.ts').fromSdkProfile = async (_sources, feature) => {
  throw new NeedsFullProgram(feature);
};
