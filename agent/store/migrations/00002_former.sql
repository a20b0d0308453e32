-- +goose Up
-- Items that were a pair's own and are no longer, though nobody saw them deleted:
-- partner is the pair's item on the other side. base and other are the pair's two
-- bases of then. there = 1: it is in the folder beside the pair's present item,
-- and is to go.
CREATE TABLE former (
  id      INTEGER PRIMARY KEY,
  sync    INTEGER NOT NULL REFERENCES syncs ON DELETE CASCADE,
  side    INTEGER NOT NULL,
  item    TEXT    NOT NULL,
  partner TEXT    NOT NULL,
  key     TEXT    NOT NULL,
  uid     TEXT    NOT NULL,
  hint    INTEGER NOT NULL,
  there   INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  base    BLOB,
  other   BLOB,
  UNIQUE (sync, side, item)
) STRICT;

-- copy = 1: it carried a pair's key, but beside the pair's own item.
ALTER TABLE inbox ADD COLUMN copy INTEGER NOT NULL DEFAULT 0;
