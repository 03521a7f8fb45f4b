/** In the place of `width.ts` in the container executable, which does not ask terminals. */
export const helpWidth: typeof import('./width.ts').helpWidth = () => 80;
