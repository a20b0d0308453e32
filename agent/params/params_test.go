package params

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"abgleich/agent/fault"
)

// full is a file as an administrator may write it.
const full = `language = "en"
[communication]
system = "ews"
sync_enabled = true
server = "mail.lab.test"
port = 8443
domain = 'LAB'
[database]
alias = "BMD 2026"
[databases."BMD 2026"]
dsn = "business.db"
[databases.other]
driver = "sqlite"
dsn = "/srv/other.db"
foreign = true
[service]
user = "ABGLEICH"
[events]
server = "192.0.2.7"
listen = "::1"
[notice]
recipient = "admin@lab.test"
[sync]
interval = 60
policy = "business"
[data]
folder = "/srv/abgleich"
`

func TestAFileIsReadWithDefaultsForTheRest(t *testing.T) {
	p, err := Parse([]byte(full), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Language = English
	want.Communication = Communication{System: EWS, SyncEnabled: true, Server: "mail.lab.test", Port: 8443, SSL: true, Domain: "LAB", Access: AccessUser, Login: LoginAuto}
	want.Database.Alias = "BMD 2026"
	want.Databases = map[string]DatabaseAlias{
		"BMD 2026": {Driver: SQLite, DSN: "business.db"},
		"other":    {Driver: SQLite, DSN: "/srv/other.db", Foreign: true},
	}
	want.Service.User = "ABGLEICH"
	want.Events = Events{Server: "192.0.2.7", Port: 9090, Listen: "::1"}
	want.Notice.Recipient = "admin@lab.test"
	want.Sync.Interval, want.Sync.Policy = time.Minute, PolicyBusiness
	want.Data.Folder = "/srv/abgleich"
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
	if got := p.Communication.Endpoint(); got != "https://mail.lab.test:8443/EWS/Exchange.asmx" {
		t.Error(got)
	}
	if got := p.Events.ListenAddress(); got != "[::1]:9090" {
		t.Error(got)
	}
	if a, ok := p.Business(); !ok || filepath.ToSlash(a.DSN) != "/srv/abgleich/business.db" {
		t.Errorf("business database %+v %v", a, ok)
	}
	if missing := p.Missing(); missing != nil {
		t.Errorf("missing %v", missing)
	}
}

func TestAnEmptyFileIsTheDefaultAndTellsWhatIsMissing(t *testing.T) {
	p, err := Parse(nil, Limits{})
	if err != nil || !reflect.DeepEqual(p, Default()) {
		t.Fatalf("got %+v, %v", p, err)
	}
	if got := strings.Join(p.Missing(), " "); got != "communication.server database.alias service.user" {
		t.Error(got)
	}
	p.Sync.Notifications = NotifyPush
	if got := p.Missing(); got[len(got)-1] != "events.server" {
		t.Error(got)
	}
	if p.Communication.Endpoint() != "" {
		t.Error(p.Communication.Endpoint())
	}
}

// mistakesOf parses and expects to be refused.
func mistakesOf(t *testing.T, file string, lim Limits) Mistakes {
	t.Helper()
	p, err := Parse([]byte(file), lim)
	ms, ok := errors.AsType[Mistakes](err)
	if !ok {
		t.Fatalf("not refused: %v", err)
	}
	if !reflect.DeepEqual(p, Params{}) {
		t.Errorf("half applied: %+v", p)
	}
	return ms
}

func TestEachMistakeHasLineKeyAndReason(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want Mistake
	}{
		"a misspelt key":             {"[sync]\n\nintervall = 5\n", Mistake{Line: 3, Key: "sync.intervall", Reason: UnknownKey}},
		"a key at the top":           {"\nserver = \"x\"\n", Mistake{Line: 2, Key: "server", Reason: UnknownKey}},
		"an unknown table":           {"[sink]\ninterval = 300\n", Mistake{Line: 1, Key: "sink", Reason: UnknownKey}},
		"a table below a key":        {"[sync.interval]\na = 1\n", Mistake{Line: 1, Key: "sync.interval", Reason: WrongType}},
		"a number for a table":       {"sync = 3\n", Mistake{Line: 1, Key: "sync", Reason: WrongType}},
		"a text for a number":        {"[communication]\nport = \"443\"\n", Mistake{Line: 2, Key: "communication.port", Reason: WrongType}},
		"a fraction":                 {"[communication]\nport = 443.5\n", Mistake{Line: 2, Key: "communication.port", Reason: WrongType}},
		"a date":                     {"[communication]\nport = 1979-05-27\n", Mistake{Line: 2, Key: "communication.port", Reason: WrongType}},
		"a number for yes":           {"[communication]\nssl = 1\n", Mistake{Line: 2, Key: "communication.ssl", Reason: WrongType}},
		"a port too high":            {"[communication]\nport = 65536\n", Mistake{Line: 2, Key: "communication.port", Reason: NotAllowed}},
		"a negative port":            {"[communication]\nport = -1\n", Mistake{Line: 2, Key: "communication.port", Reason: NotAllowed}},
		"an interval too short":      {"[sync]\ninterval = 9\n", Mistake{Line: 2, Key: "sync.interval", Reason: NotAllowed}},
		"an unknown choice":          {"[sync]\npolicy = \"oldest\"\n", Mistake{Line: 2, Key: "sync.policy", Reason: NotAllowed}},
		"a choice in capitals":       {"[sync]\npolicy = \"Newer\"\n", Mistake{Line: 2, Key: "sync.policy", Reason: NotAllowed}},
		"Graph":                      {"[communication]\nsystem = \"graph\"\n", Mistake{Line: 2, Key: "communication.system", Reason: GraphNotYet}},
		"a server with a scheme":     {"[communication]\nserver = \"https://mail\"\n", Mistake{Line: 2, Key: "communication.server", Reason: BadForm}},
		"a server with a port":       {"[communication]\nserver = \"mail:443\"\n", Mistake{Line: 2, Key: "communication.server", Reason: BadForm}},
		"an address without scheme":  {"[communication]\naddress = \"mail.lab/EWS\"\n", Mistake{Line: 2, Key: "communication.address", Reason: BadForm}},
		"an address with a password": {"[communication]\naddress = \"https://u:p@mail.lab/\"\n", Mistake{Line: 2, Key: "communication.address", Reason: BadForm}},
		"a mail address with a name": {"[notice]\nrecipient = \"A <a@b.test>\"\n", Mistake{Line: 2, Key: "notice.recipient", Reason: BadForm}},
		"a hidden line break":        {"[service]\nuser = \"a\\nb\"\n", Mistake{Line: 2, Key: "service.user", Reason: BadForm}},
		"an empty folder":            {"[data]\nfolder = \"\"\n", Mistake{Line: 2, Key: "data.folder", Reason: Needed}},
		"an alias nobody defined":    {"[database]\nalias = \"X\"\n", Mistake{Line: 2, Key: "database.alias", Reason: NoSuchAlias}},
		"a database without address": {"[databases.X]\nforeign = true\n", Mistake{Line: 1, Key: "databases.X.dsn", Reason: Needed}},
		"an odd alias":               {"[databases.\"a/b\"]\ndsn = \"x\"\n", Mistake{Line: 1, Key: "databases.a/b", Reason: BadForm}},
		"a typo in a database":       {"[databases.X]\ndsn = \"x\"\nreadonly = true\n", Mistake{Line: 3, Key: "databases.X.readonly", Reason: UnknownKey}},
		"an unknown driver":          {"[databases.X]\ndsn = \"x\"\ndriver = \"oracle\"\n", Mistake{Line: 3, Key: "databases.X.driver", Reason: NotAllowed}},
		"a starred alias":            {"[databases.\"*\"]\ndsn = \"x\"\n", Mistake{Line: 1, Key: "databases.*", Reason: BadForm}},
		"no TOML":                    {"[sync]\ninterval 5\n", Mistake{Line: 2, Reason: BadSyntax}},
		"a key twice":                {"[sync]\ninterval = 60\ninterval = 60\n", Mistake{Line: 3, Reason: BadSyntax}},
	} {
		t.Run(name, func(t *testing.T) {
			ms := mistakesOf(t, c.file, Limits{})
			if len(ms) != 1 {
				t.Fatalf("%d mistakes: %v", len(ms), ms)
			}
			got := ms[0]
			if got.Line != c.want.Line || got.Reason != c.want.Reason || c.want.Reason != BadSyntax && got.Key != c.want.Key {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			for _, lang := range []Language{German, English} {
				if text := got.Text(lang); len(text) < 10 || strings.Contains(text, "%!") {
					t.Errorf("%s: %q", lang, text)
				}
			}
		})
	}
}

func TestAllMistakesAreListedAtOnceInOrder(t *testing.T) {
	ms := mistakesOf(t, "[communication]\nport = 0\nserver = \"a b\"\n[sync]\npolicy = 7\nfoo = 1\n[databases.X]\n", Limits{})
	var lines []int
	for _, m := range ms {
		lines = append(lines, m.Line)
	}
	if !reflect.DeepEqual(lines, []int{2, 3, 5, 6, 7}) {
		t.Errorf("lines %v in %v", lines, ms)
	}
}

func TestAPasswordInTheFileIsRefusedAndNeverRepeated(t *testing.T) {
	for name, file := range map[string]string{
		"at its table":         "[service]\npassword = \"s3cret-pw\"\n",
		"in German":            "[service]\nKennwort = \"s3cret-pw\"\n",
		"at the top":           "passwort = \"s3cret-pw\"\n",
		"in a database":        "[databases.X]\ndsn = \"x\"\npassword = \"s3cret-pw\"\n",
		"in an unknown table":  "[communication]\npassword = \"s3cret-pw\"\n",
		"not quoted":           "[service]\npassword = s3cret-pw\n",
		"not closed":           "[service]\npassword = \"s3cret-pw\n",
		"twice":                "[service]\npassword = \"a\"\npassword = \"s3cret-pw\"\n",
		"as a table":           "[service.password]\nvalue = \"s3cret-pw\"\n",
		"below a key":          "[sync.interval]\npin = \"s3cret-pw\"\n",
		"in a list":            "sync = [\"s3cret-pw\"]\n",
		"a user with its pass": "[communication]\naddress = \"https://anna:s3cret-pw@mail/\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(file), Limits{})
			ms, ok := errors.AsType[Mistakes](err)
			if !ok {
				t.Fatalf("not refused: %v", err)
			}
			if text := err.Error() + ms.Text(German); strings.Contains(text, "s3cret-pw") {
				t.Errorf("repeated in: %s", text)
			}
			elsewhere := name == "a user with its pass" || name == "below a key" || name == "in a list"
			if !elsewhere && !strings.Contains(ms.Text(German), PasswordCommand) {
				t.Errorf("no word of the command: %s", ms.Text(German))
			}
		})
	}
}

func TestCodesTellTyposFromBadValues(t *testing.T) {
	_, err := Parse([]byte("foo = 1\n"), Limits{})
	if !fault.Has(err, fault.ParameterUnknown) {
		t.Errorf("a typo: %v", err)
	}
	_, err = Parse([]byte("foo = 1\nlanguage = \"fr\"\n"), Limits{})
	if !fault.Has(err, fault.ParameterInvalid) {
		t.Errorf("a bad value: %v", err)
	}
}

func TestTestsMayHaveShortIntervals(t *testing.T) {
	p, err := Parse([]byte("[sync]\ninterval = 1\n"), Limits{MinInterval: time.Second})
	if err != nil || p.Sync.Interval != time.Second {
		t.Errorf("got %v, %v", p.Sync.Interval, err)
	}
	if ms := mistakesOf(t, "[sync]\ninterval = 0\n", Limits{MinInterval: time.Second}); ms[0].Reason != NotAllowed {
		t.Error(ms)
	}
}

func TestEveryFieldIsDescribedInBothLanguages(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Describe() {
		if len(f.DE) < 10 || len(f.EN) < 10 || f.DE == f.EN {
			t.Errorf("%s is not explained", f.Key)
		}
		if seen[f.Key] {
			t.Errorf("%s is there twice", f.Key)
		}
		seen[f.Key] = true
		if f.Kind == Choice && len(f.Choices) == 0 || f.Kind == Number && f.Max == 0 {
			t.Errorf("%s has no bounds", f.Key)
		}
	}
}
