-- Our own part: the change feed and our keys. The same tables stand in the key
-- store beside a foreign database (keystore.sql).

-- +goose Up
-- One row a change. mark is random: a cursor remembers the mark of the row it
-- ends at, and a restored database shows by a missing or different one.
CREATE TABLE changes (
	revision   INTEGER PRIMARY KEY AUTOINCREMENT,
	mark       INTEGER NOT NULL DEFAULT (random()),
	changed_at INTEGER NOT NULL DEFAULT (unixepoch()),
	kind       INTEGER NOT NULL,
	user_id    TEXT NOT NULL COLLATE NOCASE,
	item_id    NOT NULL,
	gone       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX changes_user ON changes (user_id, kind, revision);
CREATE INDEX changes_item ON changes (item_id, kind, user_id, revision);

-- epoch names this life of the feed; superseded rows up to compacted_to are gone.
CREATE TABLE feed_state (
	only_row     INTEGER PRIMARY KEY CHECK (only_row = 1),
	epoch        TEXT NOT NULL,
	compacted_to INTEGER NOT NULL DEFAULT 0
);
INSERT INTO feed_state (only_row, epoch) VALUES (1, lower(hex(randomblob(16))));

-- Whose copy of which item carries which key. Two items may carry one key: the
-- engine's store decides which of them is the pair.
CREATE TABLE item_keys (
	item_id  NOT NULL,
	kind     INTEGER NOT NULL,
	user_id  TEXT NOT NULL COLLATE NOCASE,
	item_key TEXT NOT NULL,
	PRIMARY KEY (item_id, kind, user_id)
) WITHOUT ROWID;
CREATE INDEX item_keys_key ON item_keys (item_key);
