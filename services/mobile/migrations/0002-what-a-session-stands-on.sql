-- Whether a session can still be used: it holds its device against other clients only for as long. Null for sessions of before,
-- until their phone next renews its token.

alter table mobile_device
  add column account_key text,                              -- of what it was begun with; another once the password changes
  add column renewed_at timestamptz;                        -- when it was last given tokens, after signed_in_at
