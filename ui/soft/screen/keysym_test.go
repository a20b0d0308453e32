package screen

import (
	"testing"
)

func TestCharactersOfKeysyms(t *testing.T) {
	for sym, want := range map[keysym]rune{
		0x41: 'A', 0xe4: 'ä', 0xdf: 'ß', 0x20ac: '€', 0x1b9: 'š', 0x1a3: 'Ł', 0x2bb: 'ğ', 0x2b9: 'ı', 0x6c1: 'а', 0x6d1: 'я', 0x6a7: 'ї', 0x6a8: 'ј',
		0x7e1: 'α', 0x7f2: 'σ', 0x7b1: 'ά', 0xce0: 'א', 0x13bd: 'œ', 0x5c7: 'ا', 0x1000131: 'ı', 0x101f600: '😀', 0xffb5: '5', 0xffac: ',', 0xafe: '„',
		0xff0d: 0, 0xffe1: 0, 0xfe51: 0, 0x0: 0,
	} {
		if got := character(sym); got != want {
			t.Errorf("%x is %q, want %q", sym, got, want)
		}
	}
}

func TestKeyNames(t *testing.T) {
	for sym, want := range map[keysym]string{
		0x61: "A", 0x41: "A", 0x31: "1", 0x20: "Space", 0xff0d: "Return", 0xff8d: "KP_Enter", 0xff55: "Prior", 0xffc2: "F5", 0xffe5: "CapsLock",
		0xfe20: "Tab", 0xe4: "", 0x6c1: "", 0x2d: "-", 0xff9f: "Delete",
	} {
		if got := keyName(sym); got != want {
			t.Errorf("%x is %q, want %q", sym, got, want)
		}
	}
}

func TestDeadKeys(t *testing.T) {
	const grave, acute, circumflex, diaeresis, caron, stroke = 0xfe50, 0xfe51, 0xfe52, 0xfe57, 0xfe5a, 0xfe63
	for _, tt := range []struct {
		name string
		keys []keysym
		want string
	}{
		{"a letter", []keysym{'a'}, "a"},
		{"acute and e", []keysym{acute, 'e'}, "é"},
		{"diaeresis and U", []keysym{diaeresis, 'U'}, "Ü"},
		{"caron and c", []keysym{caron, 'c'}, "č"},
		{"stroke and l", []keysym{stroke, 'l'}, "ł"},
		{"circumflex and space", []keysym{circumflex, symSpace}, "^"},
		{"twice", []keysym{grave, grave, 'a'}, "`a"},
		{"one that can't be joined", []keysym{acute, 'q'}, "´q"},
		{"two different ones", []keysym{acute, circumflex, 'o'}, "´ô"},
		{"Shift in between", []keysym{acute, 0xffe1, 'E'}, "É"},
	} {
		var c composer
		got := ""
		for _, k := range tt.keys {
			got += string(c.feed(k))
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// austrian is a keyboard with the keys q/Q/@, ä/Ä, keypad 1, y/н on two layouts.
func austrian() keyboard {
	return keyboard{first: 8, width: 7, level3: 1 << 7, num: 1 << 4, syms: []keysym{
		'q', 'Q', 0, 0, '@', 0x7d9, 0,
		0xe4, 0xc4, 0, 0, 0, 0, 0,
		0xff9c, 0xffb1, 0xff9c, 0xffb1, 0, 0, 0,
		'z', 'Z', 0x6ce, 0x6ee, 0, 0, 0,
	}}
}

func TestKeysWithModifiers(t *testing.T) {
	const q, umlaut, one, z = 8, 9, 10, 11
	const altGr, num, second = 1 << 7, 1 << 4, 1 << 13
	k := austrian()
	for _, tt := range []struct {
		what  string
		code  byte
		state uint16
		name  string
		char  rune
	}{
		{"plain", q, 0, "Q", 'q'},
		{"Shift", q, stateShift, "Q", 'Q'},
		{"AltGr", q, altGr, "Q", '@'},
		{"Caps Lock", q, stateLock, "Q", 'Q'},
		{"Caps Lock and Shift", q, stateLock | stateShift, "Q", 'q'},
		{"an umlaut", umlaut, 0, "", 'ä'},
		{"Caps Lock and an umlaut", umlaut, stateLock, "", 'Ä'},
		{"the keypad as arrows", one, 0, "End", 0},
		{"the keypad with Num Lock", one, num, "1", '1'},
		{"the keypad with Num Lock and Shift", one, num | stateShift, "End", 0},
		{"another layout", z, second, "Z", 'н'},
		{"another layout with Shift", z, second | stateShift, "Z", 'Н'},
		{"Ctrl on another layout", z, second | stateControl, "Z", 'н'},
		{"a key that isn't there", 99, 0, "", 0},
	} {
		name, sym := k.read(tt.code, tt.state)
		if name != tt.name || character(sym) != tt.char {
			t.Errorf("%s: %q types %q, want %q, %q", tt.what, name, character(sym), tt.name, tt.char)
		}
	}
}

func TestNarrowPixels(t *testing.T) {
	got := narrow(nil, []uint32{0xffffff, 0xff0000, 0x00ff00, 0x0000ff, 0})
	want := []byte{0xff, 0xff, 0x00, 0xf8, 0xe0, 0x07, 0x1f, 0x00, 0, 0}
	if string(got) != string(want) {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestAQueueKeepsTheOrderAndEnds(t *testing.T) {
	woken := 0
	q := queue{wake: func() { woken++ }}
	var ran []int
	q.add(func() {
		ran = append(ran, 1)
		q.add(func() { ran = append(ran, 3) })
	})
	q.add(func() { ran = append(ran, 2) })
	if !q.run() || len(ran) != 2 || !q.waiting() {
		t.Errorf("ran %v", ran)
	}
	if q.run(); len(ran) != 3 || ran[2] != 3 || woken != 3 || q.run() {
		t.Errorf("ran %v, woken %d", ran, woken)
	}
	if q.close(); q.add(func() {}) || q.waiting() {
		t.Error("something gets in after the end")
	}
}
