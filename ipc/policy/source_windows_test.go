package policy

import (
	"testing"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// TestPoliciesAreReadFromTheRegistry writes where group policies do; Wine's registry is
// the test's own.
func TestPoliciesAreReadFromTheRegistry(t *testing.T) {
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() != nil {
		t.Skip("would change the policies of a real Windows")
	}
	key := func(root registry.Key, path string) registry.Key {
		k, _, err := registry.CreateKey(root, path, registry.ALL_ACCESS|registry.WOW64_64KEY)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { k.Close(); registry.DeleteKey(root, path) }) //nolint:errcheck // the test's own
		return k
	}
	machine, user, installed := key(registry.LOCAL_MACHINE, policyKey), key(registry.CURRENT_USER, policyKey), key(registry.LOCAL_MACHINE, installedKey)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(machine.SetStringValue(AgentValue, "SRV01/steyr"))
	must(machine.SetDWordValue(AutostartValue, 0))
	must(user.SetDWordValue(AutostartValue, 1))
	must(user.SetDWordValue(KeepPasswordValue, 0))
	must(user.SetStringValue(AgentKeyValue, "age1user"))
	must(installed.SetStringValue(AgentKeyValue, "age1installed"))
	must(installed.SetDWordValue(NotesValue, 0))
	want := Policy{Agent: "SRV01/steyr", AgentKey: "age1installed", Autostart: Off, KeepPassword: Off}
	if got := Read(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
