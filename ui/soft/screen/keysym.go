package screen

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// keysym is X11's number of what stands on a key (X Window System Protocol,
// appendix A).
type keysym uint32

// Keysyms with a meaning here.
const (
	symSpace      keysym = 0x20
	symModeSwitch keysym = 0xff7e
	symNumLock    keysym = 0xff7f
	symLevel3     keysym = 0xfe03
	symDeadFirst  keysym = 0xfe50
	symDeadLast   keysym = 0xfe8f
)

// named gives the names Fyne has for keys that are no characters.
func named(s keysym) string {
	switch s {
	case 0xff1b:
		return "Escape"
	case 0xff0d:
		return "Return"
	case 0xff8d:
		return "KP_Enter"
	case 0xff09, 0xfe20:
		return "Tab"
	case 0xff08:
		return "BackSpace"
	case 0xff63, 0xff9e:
		return "Insert"
	case 0xffff, 0xff9f:
		return "Delete"
	case 0xff53, 0xff98:
		return "Right"
	case 0xff51, 0xff96:
		return "Left"
	case 0xff54, 0xff99:
		return "Down"
	case 0xff52, 0xff97:
		return "Up"
	case 0xff55, 0xff9a:
		return "Prior"
	case 0xff56, 0xff9b:
		return "Next"
	case 0xff50, 0xff95:
		return "Home"
	case 0xff57, 0xff9c:
		return "End"
	case 0xffe1:
		return "LeftShift"
	case 0xffe2:
		return "RightShift"
	case 0xffe3:
		return "LeftControl"
	case 0xffe4:
		return "RightControl"
	case 0xffe9:
		return "LeftAlt"
	case 0xffea, symLevel3:
		return "RightAlt"
	case 0xffeb:
		return "LeftSuper"
	case 0xffec:
		return "RightSuper"
	case 0xffe5:
		return "CapsLock"
	case 0xff67:
		return "Menu"
	case 0xff61:
		return "PrintScreen"
	}
	if s >= 0xffbe && s <= 0xffc9 {
		return [...]string{"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"}[s-0xffbe]
	}
	return ""
}

// keyName is Fyne's name of a key, told by what stands on it without Shift.
func keyName(s keysym) string {
	if name := named(s); name != "" {
		return name
	}
	return nameOf(character(s))
}

// nameOf is Fyne's name of the key with this character; "" when it has none.
func nameOf(r rune) string {
	switch {
	case r == ' ':
		return "Space"
	case r >= 'a' && r <= 'z':
		return string(unicode.ToUpper(r))
	case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r != 0 && strings.ContainsRune("',-./\\[];=*+`", r):
		return string(r)
	}
	return ""
}

// character is the character a keysym stands for; 0: none.
func character(s keysym) rune {
	low := byte(s)
	switch {
	case s >= 0x20 && s <= 0x7e, s >= 0xa0 && s <= 0xff:
		return rune(s) // Latin 1
	case s&0xff000000 == 0x01000000:
		return rune(s & 0xffffff)
	case s >= 0x20a0 && s <= 0x20ac:
		return rune(s) // currencies
	case s >= 0xffb0 && s <= 0xffb9:
		return rune('0' + s - 0xffb0) // keypad
	case s >= 0xffaa && s <= 0xffaf:
		return rune("*+,-./"[s-0xffaa])
	case s == 0xffbd:
		return '='
	}
	if r, ok := odd()[s]; ok {
		return r
	}
	// The older keysyms follow the parts of ISO 8859 and KOI8.
	var page *charmap.Charmap
	switch s >> 8 {
	case 1:
		page = charmap.ISO8859_2
	case 2:
		page = charmap.ISO8859_3
	case 3:
		page = charmap.ISO8859_4
	case 5:
		page = charmap.ISO8859_6
	case 6:
		page = charmap.KOI8U
	case 7:
		page = charmap.ISO8859_7
	case 0xc:
		page = charmap.ISO8859_8
	case 0x13:
		page = charmap.ISO8859_15
	default:
		return 0
	}
	if r := page.DecodeByte(low); low >= 0xa0 && r != unicode.ReplacementChar {
		return r
	}
	return 0
}

// odd are the keysyms that stand elsewhere than in those tables.
func odd() map[keysym]rune {
	return map[keysym]rune{
		0xaa9: '—', 0xaaa: '–', 0xaae: '…', 0xac9: '™', 0xad0: '‘', 0xad1: '’', 0xad2: '“', 0xad3: '”', 0xafd: '‚', 0xafe: '„',
		0x6a1: 'ђ', 0x6a2: 'ѓ', 0x6a5: 'ѕ', 0x6a8: 'ј', 0x6a9: 'љ', 0x6aa: 'њ', 0x6ab: 'ћ', 0x6ac: 'ќ', 0x6ae: 'ў', 0x6af: 'џ',
		0x6b1: 'Ђ', 0x6b2: 'Ѓ', 0x6b5: 'Ѕ', 0x6b8: 'Ј', 0x6b9: 'Љ', 0x6ba: 'Њ', 0x6bb: 'Ћ', 0x6bc: 'Ќ', 0x6be: 'Ў', 0x6bf: 'Џ',
		0x7d2: 'Σ', 0x7f2: 'σ', 0x7f3: 'ς', 0x7a1: 'Ά', 0x7a2: 'Έ', 0x7a3: 'Ή', 0x7a4: 'Ί', 0x7a5: 'Ϊ', 0x7a7: 'Ό', 0x7a8: 'Ύ', 0x7a9: 'Ϋ', 0x7ab: 'Ώ',
		0x7b1: 'ά', 0x7b2: 'έ', 0x7b3: 'ή', 0x7b4: 'ί', 0x7b5: 'ϊ', 0x7b6: 'ΐ', 0x7b7: 'ό', 0x7b8: 'ύ', 0x7b9: 'ϋ', 0x7ba: 'ΰ', 0x7bb: 'ώ',
	}
}

// dead is what a dead key adds to the next character, and what it is alone; 0, 0
// for a key that isn't dead.
func dead(s keysym) (mark, alone rune) {
	switch s {
	case 0xfe50:
		return 0x300, '`'
	case 0xfe51:
		return 0x301, '´'
	case 0xfe52:
		return 0x302, '^'
	case 0xfe53:
		return 0x303, '~'
	case 0xfe54:
		return 0x304, '¯'
	case 0xfe55:
		return 0x306, '˘'
	case 0xfe56:
		return 0x307, '˙'
	case 0xfe57:
		return 0x308, '"'
	case 0xfe58:
		return 0x30a, '°'
	case 0xfe59:
		return 0x30b, '˝'
	case 0xfe5a:
		return 0x30c, 'ˇ'
	case 0xfe5b:
		return 0x327, '¸'
	case 0xfe5c:
		return 0x328, '˛'
	case 0xfe60:
		return 0x323, '.'
	case 0xfe61:
		return 0x309, '?'
	case 0xfe62:
		return 0x31b, '+'
	case 0xfe63:
		return 0x338, '/'
	}
	return 0, 0
}

// composer puts dead keys and letters together.
type composer struct{ waiting keysym }

// feed gives the characters that come of a key. A dead key gives none and waits
// for the next; with what it can't join it is written before it, as Windows does.
func (c *composer) feed(s keysym) []rune {
	r := character(s)
	if s >= symDeadFirst && s <= symDeadLast {
		before := c.waiting
		if c.waiting = s; before == 0 {
			return nil
		}
		_, alone := dead(before)
		if before == s { // twice: the sign itself
			c.waiting = 0
		}
		return []rune{alone}
	}
	if r == 0 {
		return nil
	}
	before := c.waiting
	c.waiting = 0
	mark, alone := dead(before)
	switch {
	case mark == 0:
		return []rune{r}
	case s == symSpace:
		return []rune{alone}
	}
	if stroked, ok := map[rune]rune{'o': 'ø', 'O': 'Ø', 'd': 'đ', 'D': 'Đ', 'l': 'ł', 'L': 'Ł', 'h': 'ħ', 'H': 'Ħ'}[r]; ok && mark == 0x338 {
		return []rune{stroked}
	}
	if joined := []rune(norm.NFC.String(string([]rune{r, mark}))); len(joined) == 1 {
		return joined
	}
	return []rune{alone, r}
}

// keyboard is what stands on the keys of an X11 keyboard.
type keyboard struct {
	first         byte // the first keycode
	width         int  // keysyms a key
	syms          []keysym
	level3, group uint16 // the modifiers that choose the third level, the second group
	num           uint16 // the modifier of Num Lock
}

// sym is one of a key's keysyms; 0: none.
func (k *keyboard) sym(code byte, column int) keysym {
	i := int(code) - int(k.first)
	if i < 0 || column >= k.width || (i+1)*k.width > len(k.syms) {
		return 0
	}
	return k.syms[i*k.width+column]
}

// column is where level (0 to 3) of group (0 or 1) stands. X11 servers with
// keyboard extension put the third and fourth levels behind both groups.
func column(group, level int) int {
	if level < 2 {
		return 2*group + level
	}
	return 4 + 2*group + level - 2
}

// at is the keysym of a level, falling back to what the key has.
func (k *keyboard) at(code byte, group, level int) keysym {
	s := k.sym(code, column(group, level))
	if s == 0 && level >= 2 {
		s = k.sym(code, column(group, 2))
	}
	if s == 0 && level < 2 {
		s = k.sym(code, column(group, 0))
	}
	if s == 0 && group > 0 {
		return k.at(code, 0, level)
	}
	return s
}

// X11's modifiers in an event's state; the group is in bits 13 and 14.
const (
	stateShift   = 1 << 0
	stateLock    = 1 << 1
	stateControl = 1 << 2
	stateAlt     = 1 << 3
	stateSuper   = 1 << 6
)

// read tells the key's name and its keysym with the modifiers of state.
func (k *keyboard) read(code byte, state uint16) (name string, s keysym) {
	group := int(state>>13) & 1
	if k.group != 0 && state&k.group != 0 {
		group = 1
	}
	level := 0
	if state&stateShift != 0 {
		level = 1
	}
	if k.level3 != 0 && state&k.level3 != 0 {
		level += 2
	}
	name = keyName(k.at(code, group, 0))
	if name == "" { // a Russian keyboard's Ctrl+V is the V of the Latin one
		name = keyName(k.at(code, 0, 0))
	}
	s = k.at(code, group, level)
	if keypad := k.at(code, 0, 1); keypad >= 0xffaa && keypad <= 0xffb9 && level < 2 && k.num != 0 {
		s = k.at(code, 0, 0)
		if (state&k.num != 0) != (level == 1) {
			s = keypad
		}
		name = keyName(s)
	}
	if r := character(s); state&stateLock != 0 && unicode.IsLetter(r) && unicode.ToLower(r) != unicode.ToUpper(r) {
		// Caps Lock turns letters round, also those with an umlaut.
		if other := k.at(code, group, level^1); unicode.ToLower(character(other)) == unicode.ToLower(r) && other != s {
			s = other
		} else if unicode.IsLower(r) {
			s = 0x01000000 | keysym(unicode.ToUpper(r))
		}
	}
	return name, s
}
