package policy

import "testing"

func from(values map[string]string) Source { return func(name string) string { return values[name] } }

func TestTheComputersWordBeatsTheUsersAndBothWhatWasInstalled(t *testing.T) {
	p := places{
		machine:   from(map[string]string{AgentValue: " SRV01/steyr ", NotesValue: "0"}),
		user:      from(map[string]string{AgentValue: "SRV02", AgentKeyValue: "age1user", NotesValue: "1", KeepPasswordValue: "0"}),
		installed: from(map[string]string{AgentValue: "SRV03", AgentKeyValue: "age1installed", AutostartValue: "0"}),
	}
	want := Policy{Agent: "SRV01/steyr", AgentKey: "age1installed", Notes: Off, KeepPassword: Off}
	if got := read(p); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	p.machine = from(nil)
	want = Policy{Agent: "SRV02", AgentKey: "age1installed", Notes: On, KeepPassword: Off}
	if got := read(p); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWhatIsNotDecidedIsThePersons(t *testing.T) {
	for value, want := range map[string]Switch{"": Free, "0": Off, "1": On, "2": Free, "yes": Free} {
		s := decision(value)
		if s != want || s == Free && (!s.Or(true) || s.Or(false)) {
			t.Errorf("%q: %v", value, s)
		}
	}
	if On.Or(false) != true || Off.Or(true) != false {
		t.Error("a person overrules his administrator")
	}
}
