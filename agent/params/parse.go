package params

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"abgleich/ipc/pipe"
)

// Limits loosen what production refuses; the zero value is production.
type Limits struct {
	// MinInterval is the shortest sync interval; 0 means ten seconds.
	MinInterval time.Duration
}

func (l Limits) minInterval() time.Duration {
	return cmp.Or(l.MinInterval, 10*time.Second)
}

// maxFile bounds a parameter file, in bytes.
const maxFile = 1 << 20

// Default is what holds when the file of the agent without a name says nothing, for
// this operating system and user.
func Default() Params { return DefaultOf("") }

// DefaultOf is what holds when an instance's file says nothing: each has its own
// folders and address.
func DefaultOf(i pipe.Instance) Params {
	data, log := defaultFolders(i)
	return Params{
		Language:      German,
		Communication: Communication{System: EWS, Port: 443, SSL: true, Access: AccessUser, Login: LoginAuto},
		Databases:     map[string]DatabaseAlias{},
		Service:       Service{Group: "BMD"},
		Events:        Events{Port: 9090},
		Notice:        Notice{Summary: "07:00", By: NoticeSMTP, SMTPPort: 587, SMTPSecurity: SMTPStartTLS},
		Sync: Sync{
			Interval: 300 * time.Second, Notifications: NotifyAuto, Policy: PolicyNewer,
			PolicyContent: PolicyStandard, PolicyTime: PolicyStandard, PolicyStatus: PolicyStandard, PolicyPersonal: PolicyStandard,
			GuardCount: 20, GuardPercent: 20, TrashDays: 30, CreationGuardCount: 20, CreationGuardPercent: 20, KeepCredentials: KeepStore,
		},
		Appointments: Options{Direction: DirectionBoth, PastDays: 30, FutureDays: EverythingDays, Private: PrivateBusy},
		Tasks:        Options{Direction: DirectionBoth, PastDays: EverythingDays, FutureDays: EverythingDays, Private: PrivateBusy},
		Log:          Log{Folder: log, Level: LevelInfo, MaxSizeMB: 10, MaxAgeDays: 90},
		Data:         Data{Folder: data},
		IPC:          IPC{Address: pipe.DefaultAddress(i)},
	}
}

// Parse reads a parameter file. Codes: ParameterUnknown, ParameterInvalid; the
// cause is then [Mistakes] with all of them.
func Parse(b []byte, lim Limits) (Params, error) {
	p, ms := parse(b, lim, Default())
	if err := ms.asFault("params.Parse", ""); err != nil {
		return Params{}, err
	}
	return p, nil
}

// parse takes what the file doesn't say from standard, which it owns.
func parse(b []byte, lim Limits, standard Params) (Params, Mistakes) {
	if len(b) > maxFile {
		return Params{}, Mistakes{{Reason: BadSyntax, Detail: "file is too long"}}
	}
	var doc map[string]toml.Primitive
	md, err := toml.Decode(string(b), &doc)
	if err != nil {
		return Params{}, Mistakes{syntaxMistake(err)}
	}
	r := reader{md: md, lim: lim, draft: draft{Params: standard}, byKey: map[string]Field{}}
	for _, f := range fields() {
		r.byKey[f.Key] = f
	}
	r.table("", doc)
	r.finish()
	slices.SortStableFunc(r.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.Key, b.Key))
	})
	return r.draft.Params, r.mistakes
}

func syntaxMistake(err error) Mistake {
	if pe, ok := errors.AsType[toml.ParseError](err); ok {
		if _, name, _ := cutLast(pe.LastKey); isPassword(name) { // the message may quote it
			return Mistake{Line: pe.Position.Line, Key: pe.LastKey, Reason: PasswordInFile}
		}
		return Mistake{Line: pe.Position.Line, Key: pe.LastKey, Reason: BadSyntax, Detail: pe.Message}
	}
	return Mistake{Reason: BadSyntax, Detail: err.Error()}
}

// reader walks a decoded document and collects what is wrong.
type reader struct {
	md       toml.MetaData
	lim      Limits
	byKey    map[string]Field
	draft    draft
	mistakes Mistakes
	// aliasLine is where database.alias stands.
	aliasLine int
}

// table reads one table; path is "" for the document itself.
func (r *reader) table(path string, t map[string]toml.Primitive) {
	for name, prim := range t {
		key := name
		if path != "" {
			key = path + "." + name
		}
		switch {
		case isPassword(name):
			r.add(prim, key, &Mistake{Reason: PasswordInFile})
		case key == "databases":
			r.databases(prim)
		default:
			r.entry(key, prim)
		}
	}
}

func (r *reader) entry(key string, prim toml.Primitive) {
	if f, ok := r.byKey[key]; ok && !strings.Contains(key, "*") {
		r.put(f, key, prim)
		return
	}
	if sub, ok := r.asTable(prim); ok && r.isTable(key) {
		r.table(key, sub)
		return
	}
	if r.isTable(key) {
		r.add(prim, key, &Mistake{Reason: WrongType, Allowed: "[" + key + "]"})
		return
	}
	r.add(prim, key, &Mistake{Reason: UnknownKey, Allowed: r.near(key)})
}

func (r *reader) put(f Field, key string, prim toml.Primitive) {
	var v any
	if err := r.md.PrimitiveDecode(prim, &v); err != nil {
		r.add(prim, key, &Mistake{Reason: WrongType, Detail: err.Error()})
		return
	}
	if key == "database.alias" {
		r.aliasLine = r.line(prim)
	}
	if m := f.put(&r.draft, v, r.lim); m != nil {
		r.add(prim, key, m)
	}
}

// databases reads [databases.<alias>].
func (r *reader) databases(prim toml.Primitive) {
	aliases, ok := r.asTable(prim)
	if !ok {
		r.add(prim, "databases", &Mistake{Reason: WrongType, Allowed: "[databases.BMD]"})
		return
	}
	for alias, prim := range aliases {
		key := "databases." + alias
		if right := aliasForm(alias); right != "" {
			r.add(prim, key, &Mistake{Reason: BadForm, Allowed: right})
			continue
		}
		t, ok := r.asTable(prim)
		if !ok {
			r.add(prim, key, &Mistake{Reason: WrongType, Allowed: "[" + key + "]"})
			continue
		}
		r.draft.alias = &DatabaseAlias{Driver: SQLite}
		for name, prim := range t {
			f, known := r.byKey["databases.*."+name]
			switch {
			case isPassword(name):
				r.add(prim, key+"."+name, &Mistake{Reason: PasswordInFile})
			case known:
				r.put(f, key+"."+name, prim)
			default:
				r.add(prim, key+"."+name, &Mistake{Reason: UnknownKey, Allowed: r.near("databases.*." + name)})
			}
		}
		if _, ok := t["dsn"]; !ok {
			r.add(prim, key+".dsn", &Mistake{Reason: Needed})
		}
		r.draft.Databases[alias] = *r.draft.alias
	}
}

// finish checks what concerns several keys.
func (r *reader) finish() {
	alias := r.draft.Database.Alias
	if _, ok := r.draft.Databases[alias]; alias != "" && !ok {
		known := make([]string, 0, len(r.draft.Databases))
		for a := range r.draft.Databases {
			known = append(known, a)
		}
		slices.Sort(known)
		r.mistakes = append(r.mistakes, Mistake{Line: r.aliasLine, Key: "database.alias",
			Reason: NoSuchAlias, Allowed: strings.Join(known, ", "), Detail: show(alias)})
	}
}

func (r *reader) add(prim toml.Primitive, key string, m *Mistake) {
	m.Line, m.Key = r.line(prim), key
	r.mistakes = append(r.mistakes, *m)
}

func (r *reader) asTable(prim toml.Primitive) (map[string]toml.Primitive, bool) {
	var t map[string]toml.Primitive
	if err := r.md.PrimitiveDecode(prim, &t); err != nil || t == nil {
		return nil, false
	}
	return t, true
}

// isTable tells whether fields stand below the key.
func (r *reader) isTable(key string) bool {
	for k := range r.byKey {
		if strings.HasPrefix(k, key+".") {
			return true
		}
	}
	return false
}

// near lists the keys that stand beside an unknown one.
func (r *reader) near(key string) string {
	table, _, _ := cutLast(key)
	var names []string
	for _, f := range fields() {
		if t, _, _ := cutLast(f.Key); t == table {
			names = append(names, f.Key)
		}
	}
	if len(names) == 0 {
		for _, f := range fields() {
			if t, _, dotted := strings.Cut(f.Key, "."); dotted && !slices.Contains(names, "["+t+"]") {
				names = append(names, "["+t+"]")
			}
		}
	}
	return strings.Join(names, ", ")
}

func cutLast(key string) (before, after string, found bool) {
	i := strings.LastIndex(key, ".")
	if i < 0 {
		return "", key, false
	}
	return key[:i], key[i+1:], true
}

// isPassword tells keys that look like a password, in both languages.
func isPassword(name string) bool {
	switch strings.ToLower(name) {
	case "password", "passwort", "kennwort", "pwd", "passwd", "secret":
		return true
	}
	return false
}

// errHere makes the TOML library say where it is.
var errHere = errors.New("here")

type locator struct{}

// UnmarshalTOML always fails, which puts the position into the library's error.
func (*locator) UnmarshalTOML(any) error { return errHere }

// line is where a value stands, from 1; 0 when the library doesn't say. Its
// metadata keeps positions to itself and gives them away only in errors.
func (r *reader) line(prim toml.Primitive) int {
	err := r.md.PrimitiveDecode(prim, &locator{})
	if pe, ok := errors.AsType[toml.ParseError](err); ok {
		return pe.Position.Line
	}
	return 0
}
