// Who sends a message, as the mobile service knows them by their token.
export interface PhoneUser {
  readonly name: string;
  readonly clientId: number;
  readonly personId: number;
  readonly deviceId: string | null;
}
