package params

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"abgleich/agent/fault"
	"abgleich/ipc/pipe"
)

// Etag names one state of the file's bytes. "" stands for any state.
type Etag string

func etagOf(b []byte) Etag {
	sum := sha256.Sum256(b)
	return Etag(hex.EncodeToString(sum[:8]))
}

// File is a parameter file. Its methods may be called by several goroutines;
// one agent owns a file.
type File struct {
	path string
	lim  Limits
	of   pipe.Instance
	mu   sync.Mutex // one change at a time
}

// NewFile names the file; nothing is read yet. The zero Limits are production's.
func NewFile(path string, lim Limits) *File { return &File{path: path, lim: lim} }

// FileOf names an instance's file, whose defaults are the instance's own.
func FileOf(i pipe.Instance, path string) *File { return &File{path: path, of: i} }

// Instance is whose file it is.
func (f *File) Instance() pipe.Instance { return f.of }

// Default is what holds when the file says nothing.
func (f *File) Default() Params { return DefaultOf(f.of) }

func (f *File) parse(b []byte) (Params, Mistakes) { return parse(b, f.lim, f.Default()) }

// Path is the file's path.
func (f *File) Path() string { return f.path }

// Load reads the file. Codes: NotFound, ParameterUnknown, ParameterInvalid (the
// cause is [Mistakes]), Internal when it can't be read.
func (f *File) Load() (Params, Etag, error) {
	p, b, err := f.load()
	if err != nil {
		return Params{}, "", err
	}
	return p, etagOf(b), nil
}

func (f *File) load() (Params, []byte, error) {
	const op = "params.Load"
	var b []byte
	err := patiently(func() (err error) { b, err = os.ReadFile(f.path); return err })
	if errors.Is(err, fs.ErrNotExist) {
		return Params{}, nil, fault.New(fault.NotFound, op, f.path, err)
	}
	if err != nil {
		return Params{}, nil, fault.New(fault.Internal, op, f.path, err)
	}
	p, ms := f.parse(b)
	return p, b, ms.asFault(op, f.path)
}

// Create writes a first file, explained line by line; it must not exist yet
// (else code ParametersChanged).
func (f *File) Create(p Params) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := os.Lstat(f.path); err == nil {
		return fault.New(fault.ParametersChanged, "params.Create", f.path, fs.ErrExist)
	}
	p.Communication.Access = cmp.Or(p.Communication.Access, AccessUser)
	p.Communication.Login = cmp.Or(p.Communication.Login, LoginAuto)
	b, err := f.checked(Marshal(p), p)
	if err != nil {
		return err
	}
	return f.write(b)
}

// Change is a new value for one key, as a person types it: 443, ja, mail.lab.
type Change struct{ Key, Value string }

// Set changes one key; see [File.Change].
func (f *File) Set(key, value string) (Params, Etag, error) {
	return f.Change("", Change{key, value})
}

// Change applies all changes or none: it checks each value, rewrites the lines
// concerned (a person's comments stay), and replaces the file atomically. based
// is the state the caller saw; if the file has another by now, nothing is
// written (ParametersChanged). Further codes as for Load.
func (f *File) Change(based Etag, changes ...Change) (Params, Etag, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, b, err := f.load()
	if fault.Has(err, fault.NotFound) && based == "" {
		old, b, err = f.Default(), Marshal(f.Default()), nil
	}
	if err != nil {
		return Params{}, "", err
	}
	if based != "" && based != etagOf(b) {
		return Params{}, "", fault.New(fault.ParametersChanged, "params.Change", f.path, nil)
	}
	next, edited, ms := apply(old, b, changes, f.lim)
	if err := ms.asFault("params.Change", f.path); err != nil {
		return Params{}, "", err
	}
	out, err := f.checked(edited, next)
	if err != nil {
		return Params{}, "", err
	}
	if err := f.write(out); err != nil {
		return Params{}, "", err
	}
	return next, etagOf(out), nil
}

// checked makes sure that the bytes say what is meant. An edit of single lines
// may miss an unusual way of writing TOML; then the whole file is written anew.
func (f *File) checked(b []byte, want Params) ([]byte, error) {
	if got, ms := f.parse(b); len(ms) == 0 && reflect.DeepEqual(got, want) {
		return b, nil
	}
	b = Marshal(want)
	got, ms := f.parse(b)
	if err := ms.asFault("params.Change", f.path); err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(got, want) {
		return nil, fault.New(fault.Internal, "params.Change", f.path, errors.New("file would not say what was meant"))
	}
	return b, nil
}

// write replaces the file: a reader sees the old or the new one.
func (f *File) write(b []byte) error {
	if err := f.replace(b); err != nil {
		return fault.New(fault.Internal, "params.Change", f.path, err)
	}
	return nil
}

func (f *File) replace(b []byte) error {
	mode := fs.FileMode(0o644)
	if st, err := os.Stat(f.path); err == nil {
		mode = st.Mode().Perm()
	}
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	t, err := os.CreateTemp(dir, ".abgleich-*.toml")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name())
	_, err = t.Write(b)
	if err = errors.Join(err, t.Chmod(mode), t.Sync(), t.Close()); err != nil {
		return err
	}
	return patiently(func() error { return os.Rename(t.Name(), f.path) })
}

// apply puts changes into the parameters and into the file's lines.
func apply(old Params, b []byte, changes []Change, lim Limits) (Params, []byte, Mistakes) {
	d := &draft{Params: old}
	d.Databases = make(map[string]DatabaseAlias, len(old.Databases))
	for k, v := range old.Databases {
		d.Databases[k] = v
	}
	var ms Mistakes
	for _, c := range changes {
		f, alias, m := find(c.Key)
		if m == nil {
			var v any
			if v, m = f.read(c.Value); m == nil {
				m = d.put(f, alias, v, lim)
			}
		}
		if m != nil {
			m.Key = c.Key
			ms = append(ms, *m)
			continue
		}
		b = editLine(b, f, alias, encode(d.get(f, alias)))
	}
	for alias, a := range d.Databases {
		if a.DSN == "" {
			ms = append(ms, Mistake{Key: "databases." + alias + ".dsn", Reason: Needed})
		}
	}
	if _, ok := d.Databases[d.Database.Alias]; !ok && d.Database.Alias != "" {
		ms = append(ms, Mistake{Key: "database.alias", Reason: NoSuchAlias, Detail: show(d.Database.Alias)})
	}
	return d.Params, b, ms
}

// find gives the field of a key, and the alias in a database key.
func find(key string) (f Field, alias string, m *Mistake) {
	table, name, _ := cutLast(key)
	if isPassword(name) {
		return f, "", &Mistake{Reason: PasswordInFile}
	}
	wanted := key
	if a, ok := strings.CutPrefix(table, "databases."); ok {
		if right := aliasForm(a); right != "" {
			return f, "", &Mistake{Reason: BadForm, Allowed: right}
		}
		alias, wanted = a, "databases.*."+name
	}
	for _, f := range fields() {
		if f.Key == wanted && (alias != "" || !strings.Contains(key, "*")) {
			return f, alias, nil
		}
	}
	return f, "", &Mistake{Reason: UnknownKey}
}

func (d *draft) put(f Field, alias string, v any, lim Limits) *Mistake {
	if alias == "" {
		return f.put(d, v, lim)
	}
	a, ok := d.Databases[alias]
	if !ok {
		a = DatabaseAlias{Driver: SQLite}
	}
	d.alias = &a
	if m := f.put(d, v, lim); m != nil {
		return m
	}
	d.Databases[alias] = a
	return nil
}

func (d *draft) get(f Field, alias string) any {
	if alias != "" {
		a := d.Databases[alias]
		d.alias = &a
	}
	return f.value(d)
}

// Get gives a key's value as it is typed and shown: 443, true, mail.lab. Codes:
// ParameterUnknown, ParameterInvalid.
func Get(p Params, key string) (string, error) {
	f, alias, m := find(key)
	if m == nil && alias != "" {
		if _, ok := p.Databases[alias]; !ok {
			m = &Mistake{Reason: NoSuchAlias, Detail: show(alias)}
		}
	}
	if m != nil {
		m.Key = key
		return "", Mistakes{*m}.asFault("params.Get", key)
	}
	return plain((&draft{Params: p}).get(f, alias)), nil
}
