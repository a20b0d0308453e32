package store

import (
	"database/sql"
	"strings"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// PerSide holds one value for each side.
type PerSide[T any] [2]T

// At is the value of one side.
func (p *PerSide[T]) At(s pim.SideID) *T { return &p[s-1] }

// PairID names a pair in this file.
type PairID int64

// PairState says whether a pair takes part. The values are stored: fixed.
type PairState uint8

// Pair states.
const (
	PairLinked  PairState = 1
	PairResting PairState = 2 // an item was moved away or became a series
	PairHeld    PairState = 3 // an item vanished, and a person must decide
)

// Pair is one item known on both sides.
type Pair struct {
	ID    PairID
	Key   pim.Key
	State PairState
	Sides PerSide[PairSide]
	// Made is the side whose item we have just made, or found under a new id, 0 for
	// none: the next reading of its feed must name it, or it may have left already.
	// It is only written.
	Made pim.SideID
	// Origin is the side with whose item the pair began, the other one being made of
	// it; 0 where both were there, or nobody knows.
	Origin pim.SideID
}

// PairSide is one side's half of a pair.
type PairSide struct {
	ID pim.ItemID
	// Version is the one Base belongs to, "" when it isn't known.
	Version pim.Version
	// Base is what the side itself last returned (pim.Marshal); nil before the
	// pair's first comparison.
	Base []byte
	// Keyed tells that the item carries the pair's key.
	Keyed bool
}

// RowID names an inbox row in this file.
type RowID int64

// RowState says what may happen to an inbox row. The values are stored: fixed.
type RowState uint8

// Row states.
const (
	RowReady     RowState = 0
	RowWaiting   RowState = 1 // until NextTry
	RowBlocked   RowState = 2 // until either side's item changes; Code says why
	RowDeleting  RowState = 3 // the deletion is decided, the guard not yet asked
	RowHeld      RowState = 4 // a hold keeps it back
	RowConfirmed RowState = 5 // a person let the deletion pass
	RowRestoring RowState = 6 // a person wants the deleted item back
	RowDeclined  RowState = 7 // a person does not want it created
	RowReturned  RowState = 8 // a former item of a pair, until the pair can take it back
)

// Row is one item's newest known state that is not dealt with yet.
type Row struct {
	Seq     RowID
	Side    pim.SideID
	ID      pim.ItemID
	Pair    PairID // 0 for an unpaired item
	State   RowState
	Version pim.Version
	Key     pim.Key
	// Item is pim.Marshal of it; nil when not readable yet. Of an item that is gone
	// it is what was known last and never dealt with, nil for none.
	Item []byte
	// UID and Hint are what pairing goes by; "" and 0 for none.
	UID  string
	Hint int64
	// Gone tells it left the folder; Place where to; Broken that it was missed in
	// a new listing and not reported by an unbroken feed.
	Gone, Broken bool
	Place        side.Place
	// Seen is when this state was first seen, by our clock.
	Seen time.Time
	// Code says why a row is blocked or waits.
	Code     fault.Code
	Attempts int
	NextTry  time.Time
	// Trouble tells that a problem may stand for the item.
	Trouble bool
	Hold    HoldID
	// Ignored tells that a person left the item alone until somebody edits it. It
	// is only read.
	Ignored bool
}

const rowColumns = `i.seq, i.side, i.id, i.pair, i.state, i.gone, i.broken, i.place, i.trouble,
	i.attempts, i.next_try, i.hold, i.seen, i.code, i.version, i.key, i.uid, i.hint, i.item, i.ignored`

// columnsOf are rowColumns under another name of the table.
func columnsOf(table string) string { return strings.ReplaceAll(rowColumns, "i.", table+".") }

// rowScan receives rowColumns; every one may be NULL through an outer join.
type rowScan struct {
	seq, side, pair, state, place, attempts, next, hold, seen, hint sql.NullInt64
	gone, broken, trouble, ignored                                  sql.NullBool
	id, code, version, key, uid                                     sql.NullString
	item                                                            []byte
}

func (r *rowScan) dst() []any {
	return []any{&r.seq, &r.side, &r.id, &r.pair, &r.state, &r.gone, &r.broken, &r.place, &r.trouble,
		&r.attempts, &r.next, &r.hold, &r.seen, &r.code, &r.version, &r.key, &r.uid, &r.hint, &r.item, &r.ignored}
}

func (r *rowScan) row() *Row {
	if !r.seq.Valid {
		return nil
	}
	return &Row{
		Seq: RowID(r.seq.Int64), Side: pim.SideID(r.side.Int64), ID: pim.ItemID(r.id.String), Pair: PairID(r.pair.Int64),
		State: RowState(r.state.Int64), Gone: r.gone.Bool, Broken: r.broken.Bool, Place: side.Place(r.place.Int64),
		Trouble: r.trouble.Bool, Attempts: int(r.attempts.Int64), NextTry: fromMillis(r.next.Int64), Hold: HoldID(r.hold.Int64),
		Seen: fromMillis(r.seen.Int64), Code: fault.Code(r.code.String), Version: pim.Version(r.version.String),
		Key: pim.Key(r.key.String), UID: r.uid.String, Hint: r.hint.Int64, Item: r.item, Ignored: r.ignored.Bool,
	}
}

const pairColumns = `p.id, p.key, p.state, p.keyed, p.b_id, p.b_ver, p.e_id, p.e_ver, p.same, p.b_base, p.e_base, p.origin`

type pairScan struct {
	id, state, keyed, origin  sql.NullInt64
	key, bID, bVer, eID, eVer sql.NullString
	same                      sql.NullBool
	bBase, eBase              []byte
}

func (p *pairScan) dst() []any {
	return []any{&p.id, &p.key, &p.state, &p.keyed, &p.bID, &p.bVer, &p.eID, &p.eVer, &p.same, &p.bBase, &p.eBase, &p.origin}
}

func (p *pairScan) pair() *Pair {
	if !p.id.Valid {
		return nil
	}
	if p.same.Bool {
		p.eBase = p.bBase
	}
	out := &Pair{ID: PairID(p.id.Int64), Key: pim.Key(p.key.String), State: PairState(p.state.Int64), Origin: pim.SideID(p.origin.Int64)}
	*out.Sides.At(pim.Business) = PairSide{ID: pim.ItemID(p.bID.String), Version: pim.Version(p.bVer.String),
		Base: p.bBase, Keyed: p.keyed.Int64&1 != 0}
	*out.Sides.At(pim.Exchange) = PairSide{ID: pim.ItemID(p.eID.String), Version: pim.Version(p.eVer.String),
		Base: p.eBase, Keyed: p.keyed.Int64&2 != 0}
	return out
}

// sideColumn is the column prefix of a side in the table pairs.
func sideColumn(query string, s pim.SideID) string {
	x, y := "b", "e"
	if s == pim.Exchange {
		x, y = "e", "b"
	}
	return strings.NewReplacer("$X", x, "$Y", y).Replace(query)
}

func nullPair(p PairID) any {
	if p == 0 {
		return nil
	}
	return int64(p)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
