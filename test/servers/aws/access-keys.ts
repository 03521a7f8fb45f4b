/** Access keys, who they belong to, and what that one may do. */

export interface Statement {
  /** Action globs, as `s3:Get*`. */
  readonly actions: readonly string[];
  /** ARN globs. */
  readonly resources: readonly string[];
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only for temporary credentials. */
  readonly sessionToken?: string;
  /** The session is over: every request gets ExpiredToken. */
  readonly expired?: boolean;
  /** The principal in error messages. */
  readonly arn: string;
  /** Absent: everything. */
  readonly allow?: readonly Statement[];
  /** Wins over `allow`. */
  readonly deny?: readonly Statement[];
}

export class AccessKeys {
  readonly #byId = new Map<string, AccessKey>();

  register(key: AccessKey): void {
    this.#byId.set(key.accessKeyId, key);
  }

  find(accessKeyId: string): AccessKey | undefined {
    return this.#byId.get(accessKeyId);
  }
}

/** Null when allowed, otherwise AWS's own words. */
export function refusal(caller: AccessKey, action: string, resource: string, quoted = true): string | null {
  const on = quoted ? `"${resource}"` : resource;
  const because = denial(caller, action, resource);
  return (
    because && `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${on} ${because}`
  );
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html */
export function implicitDenial(action: string): string {
  return `because no identity-based policy allows the ${action} action`;
}

function denial({ allow, deny = [] }: AccessKey, action: string, resource: string): string | null {
  if (deny.some((statement) => covers(statement, action, resource)))
    return 'with an explicit deny in an identity-based policy';
  if (allow === undefined || allow.some((statement) => covers(statement, action, resource))) return null;
  return implicitDenial(action);
}

function covers({ actions, resources }: Statement, action: string, resource: string): boolean {
  return actions.some((glob) => matches(glob, action)) && resources.some((glob) => matches(glob, resource));
}

/** `*` is any text, everything else stands for itself. */
export function matches(glob: string, text: string): boolean {
  const pattern = glob.replace(/[^*\w]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${pattern}$`, 's').test(text);
}
