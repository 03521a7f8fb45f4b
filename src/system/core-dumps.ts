/** libc constants to prevent a crash from dumping values. */

/** The same on Linux and macOS. */
export const RLIMIT_CORE = 4;
/** struct rlimit: the soft limit and the hard one, in bytes. */
export const NO_LIMIT_LEFT = new Uint8Array(16);
/**
 * A core that goes to a handler (`|` in core_pattern) has no limit; a process that is not dumpable makes none.
 * https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
 */
export const PR_SET_DUMPABLE = 4;
