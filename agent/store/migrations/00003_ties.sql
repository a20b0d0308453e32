-- +goose Up
-- Whose mailbox, and which folders of it, stand for an employee's own; '' where it
-- is his own or the default one.
CREATE TABLE ties (
  user         TEXT PRIMARY KEY,
  mailbox      TEXT NOT NULL,
  appointments TEXT NOT NULL,
  tasks        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Where the pairs of a sync belong: the mailbox, the named folder, and the folder's
-- id on the server. '' until it was first opened.
ALTER TABLE syncs ADD COLUMN mailbox   TEXT NOT NULL DEFAULT '';
ALTER TABLE syncs ADD COLUMN folder    TEXT NOT NULL DEFAULT '';
ALTER TABLE syncs ADD COLUMN folder_id TEXT NOT NULL DEFAULT '';
-- Whose sync it was, for one put away: its own user is then a name nobody has.
ALTER TABLE syncs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE INDEX syncs_owner ON syncs (owner, kind) WHERE owner <> '';
