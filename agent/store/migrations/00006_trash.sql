-- +goose Up
-- What is needed to bring back what a run deleted or overwrote. key is the pair's,
-- partner the item it was paired with; after is what the run made of it, NULL for a
-- deletion; whole is what the item held beyond its fields. wish: 0 nobody wants it
-- back, 1 wanted, 2 begun, 3 it is back, 4 left as it is, and code says why. forced:
-- wanted over newer edits too. restored is when wish became 3.
ALTER TABLE trash ADD COLUMN key      TEXT    NOT NULL DEFAULT '';
ALTER TABLE trash ADD COLUMN partner  TEXT    NOT NULL DEFAULT '';
ALTER TABLE trash ADD COLUMN after    BLOB;
ALTER TABLE trash ADD COLUMN whole    BLOB;
ALTER TABLE trash ADD COLUMN wish     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trash ADD COLUMN forced   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trash ADD COLUMN restored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trash ADD COLUMN code     TEXT    NOT NULL DEFAULT '';
CREATE INDEX trash_wish ON trash (sync, id) WHERE wish IN (1, 2);
CREATE INDEX trash_run  ON trash (run);
CREATE INDEX trash_key  ON trash (sync, key) WHERE key <> '';

-- Items that runs made: what to remove when a run is undone. sum is over the item as
-- it was made; partner is what it was made from, '' for one out of the trash, and
-- other what that was when the made item was removed: it isn't made again from that.
CREATE TABLE created (
  id      INTEGER PRIMARY KEY,
  sync    INTEGER NOT NULL REFERENCES syncs ON DELETE CASCADE,
  run     INTEGER NOT NULL,
  side    INTEGER NOT NULL,
  item    TEXT    NOT NULL,
  partner TEXT    NOT NULL,
  version TEXT    NOT NULL,
  sum     BLOB    NOT NULL,
  at      INTEGER NOT NULL,
  wish    INTEGER NOT NULL DEFAULT 0,
  code    TEXT    NOT NULL DEFAULT '',
  other   BLOB,
  UNIQUE (sync, side, item)
) STRICT;
CREATE INDEX created_run  ON created (run);
CREATE INDEX created_wish ON created (sync, id) WHERE wish IN (1, 2);
CREATE INDEX created_gone ON created (sync, side, partner) WHERE wish = 3 AND other IS NOT NULL;

-- What a run cost: calls to the mail server, bytes both ways, milliseconds waited
-- because the server asked for it; when a person undid it.
ALTER TABLE runs ADD COLUMN requests  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN sent      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN received  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN throttled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN undone    INTEGER NOT NULL DEFAULT 0;
