/** Settings of the kernel under which an ordinary user can make no user namespace, or none that is worth anything. */

export interface NamespaceSetting {
  /** Below /proc/sys. */
  readonly name: string;
  /** The value that forbids. */
  readonly forbids: string;
  /** What it means, a clause. */
  readonly words: string;
  /** What lifts it, for an administrator. */
  readonly command: string;
}

export const namespaceSettings: readonly NamespaceSetting[] = [
  { name: 'user/max_user_namespaces', forbids: '0', words: 'user namespaces are off', command: 'sysctl -w user.max_user_namespaces=15000' },
  { name: 'kernel/unprivileged_userns_clone', forbids: '0', words: 'user namespaces are for root only', command: 'sysctl -w kernel.unprivileged_userns_clone=1' },
  {
    name: 'kernel/apparmor_restrict_unprivileged_userns',
    forbids: '1',
    words: 'AppArmor restricts user namespaces',
    command: 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (or add an AppArmor profile with "userns," for skiff)',
  },
];
