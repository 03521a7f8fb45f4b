/** Put in by the build from package.json. */
declare const __ENVSEAL_VERSION__: string | undefined;

export const VERSION: string = typeof __ENVSEAL_VERSION__ === 'string' ? __ENVSEAL_VERSION__ : '0.0.0-source';
