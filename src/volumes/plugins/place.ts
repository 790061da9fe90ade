/** Where a volume plugin listens. */

/** Files of a certificate authority, a certificate and its key, as `NAME.json` names them. */
export interface PluginTls {
  readonly insecureSkipVerify: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export type PluginAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: PluginTls };

export interface PluginPlace {
  readonly name: string;
  readonly address: PluginAddress;
}
