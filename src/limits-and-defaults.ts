/** All limits that users can run into: name, unit, and where it comes from. */

/** Largest source, in bytes. Linux gives argv and the environment about 2 MiB, so more could not be handed over. */
export const MAX_SOURCE_BYTES = 2 * 1024 * 1024;

/**
 * Longest `NAME=value` with its NUL, in bytes: `MAX_ARG_STRLEN`, 32 pages of 4 KiB.
 * https://man7.org/linux/man-pages/man2/execve.2.html#NOTES
 */
export const MAX_ENV_STRING_BYTES = 131_072;

/** Default of `--timeout`, in seconds: everything from the start to the hand-over. */
export const DEFAULT_TIMEOUT_SECONDS = 30;
export const MIN_TIMEOUT_SECONDS = 0.1;
export const MAX_TIMEOUT_SECONDS = 3600;

/** Default of `--event-timeout`, in seconds: the delivery of all events to all sinks. */
export const DEFAULT_EVENT_TIMEOUT_SECONDS = 2;

/** How much later than all its timers a start is ended that does not come to look at them, in ms. */
export const CRAWL_MS = 1000;

/** What `--event-policy background` takes at most after the hand-over, in seconds. */
export const BACKGROUND_DELIVERY_SECONDS = 30;

/** Tries of one request, the first included. */
export const MAX_ATTEMPTS = 20;
/** Full jitter: the wait before try n+1 is random between 0 and `min(cap, base * 2^(n-1))`, in ms. */
export const BACKOFF_BASE_MS = 50;
export const BACKOFF_CAP_MS = 2_000;

/**
 * A metadata service beside the container answers within milliseconds, or not at all: time of one try in ms, and tries.
 * A hop limit of 1 swallows the answer, so this is what a container without a role waits.
 */
export const METADATA_TIMEOUT_MS = 1000;
export const METADATA_ATTEMPTS = 3;

/**
 * Tries of a request to STS: a container platform that starts hundreds at once is throttled for seconds, and without
 * credentials there is nothing else to try.
 */
export const STS_ATTEMPTS = 8;

/** Largest error body that is read to find its code, in bytes. S3's own are below 1 KiB. */
export const MAX_ERROR_BODY_BYTES = 64 * 1024;

/** Largest JSON answer of a cloud, in bytes: Cloud KMS opens up to 64 KiB, which base64 makes a third longer. */
export const MAX_ANSWER_BYTES = 256 * 1024;

/** Largest of the files with AWS profiles, in bytes: a few KiB are usual, and a mistaken path should not fill the memory. */
export const MAX_PROFILES_BYTES = 1024 * 1024;

/** Largest web identity token, in bytes. STS takes 20,000 characters. */
export const MAX_WEB_IDENTITY_TOKEN_BYTES = 64 * 1024;
