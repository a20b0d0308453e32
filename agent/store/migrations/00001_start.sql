-- Times are milliseconds since 1970 in UTC. Kinds, sides, places and states are
-- the fixed numbers of the Go types of the same names. Items are pim.Marshal.

-- +goose Up
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One user and kind. fence is the number of the newest lease.
CREATE TABLE syncs (
  id                INTEGER PRIMARY KEY,
  user              TEXT    NOT NULL,
  kind              INTEGER NOT NULL,
  fence             INTEGER NOT NULL DEFAULT 0,
  run               INTEGER,           -- the run that is not finished yet
  first_done        INTEGER,           -- when the first sync was complete
  creations_checked INTEGER NOT NULL DEFAULT 0,
  UNIQUE (user, kind)
) STRICT;

-- relisting: the feed is being read from its start though pairs exist; seen then
-- collects the pairs it named.
CREATE TABLE cursors (
  sync      INTEGER NOT NULL REFERENCES syncs ON DELETE CASCADE,
  side      INTEGER NOT NULL,
  cursor    TEXT    NOT NULL,
  relisting INTEGER NOT NULL,
  PRIMARY KEY (sync, side)
) STRICT, WITHOUT ROWID;

CREATE TABLE seen (
  sync INTEGER NOT NULL REFERENCES syncs ON DELETE CASCADE,
  side INTEGER NOT NULL,
  pair INTEGER NOT NULL,
  PRIMARY KEY (sync, side, pair)
) STRICT, WITHOUT ROWID;

-- e_base is NULL with same = 1 where both bases are one text.
CREATE TABLE pairs (
  id     INTEGER PRIMARY KEY,
  sync   INTEGER NOT NULL REFERENCES syncs ON DELETE CASCADE,
  key    TEXT    NOT NULL,
  state  INTEGER NOT NULL,
  keyed  INTEGER NOT NULL,             -- bit 1: business item carries the key, bit 2: exchange item
  b_id   TEXT    NOT NULL,
  b_ver  TEXT    NOT NULL,
  e_id   TEXT    NOT NULL,
  e_ver  TEXT    NOT NULL,
  same   INTEGER NOT NULL,
  b_base BLOB,
  e_base BLOB,
  UNIQUE (sync, key),
  UNIQUE (sync, b_id),
  UNIQUE (sync, e_id)
) STRICT;
CREATE INDEX pairs_unkeyed ON pairs (sync) WHERE keyed <> 3;

-- What was read from a feed and is not dealt with. pair is NULL for an unpaired item.
CREATE TABLE inbox (
  seq      INTEGER PRIMARY KEY,
  sync     INTEGER NOT NULL REFERENCES syncs ON DELETE CASCADE,
  side     INTEGER NOT NULL,
  id       TEXT    NOT NULL,
  pair     INTEGER,
  state    INTEGER NOT NULL,
  gone     INTEGER NOT NULL,
  broken   INTEGER NOT NULL,
  place    INTEGER NOT NULL,
  trouble  INTEGER NOT NULL,           -- a problem may stand for it
  attempts INTEGER NOT NULL,
  next_try INTEGER NOT NULL,
  hold     INTEGER NOT NULL,
  seen     INTEGER NOT NULL,
  code     TEXT    NOT NULL,
  version  TEXT    NOT NULL,
  key      TEXT    NOT NULL,
  uid      TEXT    NOT NULL,
  hint     INTEGER NOT NULL,           -- 64 bits over what is compared when pairing, 0 for none
  item     BLOB,
  UNIQUE (sync, side, id)
) STRICT;
CREATE INDEX inbox_pair ON inbox (pair) WHERE pair IS NOT NULL;
CREATE INDEX inbox_state ON inbox (sync, state, seq);

-- Creations begun: written before the side is asked, removed with the pair's record.
CREATE TABLE journal (
  key      TEXT    PRIMARY KEY,
  sync     INTEGER NOT NULL REFERENCES syncs ON DELETE CASCADE,
  target   INTEGER NOT NULL,
  source   TEXT    NOT NULL,
  version  TEXT    NOT NULL,
  item     BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_sync ON journal (sync, key);

-- item is '' and kind 0 for a problem of the account itself.
CREATE TABLE problems (
  id       INTEGER PRIMARY KEY,
  user     TEXT    NOT NULL,
  kind     INTEGER NOT NULL,
  side     INTEGER NOT NULL,
  item     TEXT    NOT NULL,
  code     TEXT    NOT NULL,
  notice   INTEGER NOT NULL,
  title    TEXT    NOT NULL,
  detail   TEXT    NOT NULL,
  first    INTEGER NOT NULL,
  last     INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_try INTEGER NOT NULL,
  UNIQUE (user, kind, side, item, code)
) STRICT;

CREATE TABLE trash (
  id      INTEGER PRIMARY KEY,
  sync    INTEGER NOT NULL REFERENCES syncs ON DELETE CASCADE,
  side    INTEGER NOT NULL,
  item    TEXT    NOT NULL,
  version TEXT    NOT NULL,
  reason  INTEGER NOT NULL,
  fields  INTEGER NOT NULL,
  run     INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  content BLOB    NOT NULL,
  UNIQUE (sync, side, item, version, reason)
) STRICT;
CREATE INDEX trash_at ON trash (sync, reason, at);

CREATE TABLE runs (
  id       INTEGER PRIMARY KEY,
  sync     INTEGER NOT NULL REFERENCES syncs ON DELETE CASCADE,
  cause    TEXT    NOT NULL,
  started  INTEGER NOT NULL,
  ended    INTEGER NOT NULL,           -- 0 while it goes on
  busy     INTEGER NOT NULL,           -- milliseconds spent in its slices
  slices   INTEGER NOT NULL,
  code     TEXT    NOT NULL,
  counts   TEXT    NOT NULL            -- JSON
) STRICT;
CREATE INDEX runs_sync ON runs (sync, id);

CREATE TABLE holds (
  id       INTEGER PRIMARY KEY,
  sync     INTEGER NOT NULL REFERENCES syncs ON DELETE CASCADE,
  code     TEXT    NOT NULL,
  side     INTEGER NOT NULL,           -- where the held writes would happen, 0 for both
  at       INTEGER NOT NULL,
  decision INTEGER NOT NULL,
  decided  INTEGER NOT NULL,
  by       TEXT    NOT NULL
) STRICT;
CREATE INDEX inbox_hold ON inbox (hold) WHERE hold <> 0;

CREATE TABLE accounts (
  user         TEXT PRIMARY KEY,
  etag         INTEGER NOT NULL,
  sync         INTEGER NOT NULL,
  appointments INTEGER NOT NULL,
  tasks        INTEGER NOT NULL,
  login        TEXT    NOT NULL,
  sealed       BLOB,
  verified     INTEGER NOT NULL,
  rejected     INTEGER NOT NULL,
  rejected_mark BLOB,
  paused       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Windows identities (SID or uid) and the employee each proved to be.
CREATE TABLE identities (
  identity TEXT PRIMARY KEY,
  user     TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who changed which parameter, and who looked at whose items.
CREATE TABLE audit (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  who     TEXT    NOT NULL,
  what    TEXT    NOT NULL,
  subject TEXT    NOT NULL,
  detail  TEXT    NOT NULL
) STRICT;
