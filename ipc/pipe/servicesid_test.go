package pipe

import "testing"

func TestServicesHaveTheIdentifierWindowsComputes(t *testing.T) {
	// Published by Microsoft as that of Windows' own installer service.
	const want = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
	for _, name := range []string{"TrustedInstaller", "TRUSTEDINSTALLER"} {
		if got := ServiceSID(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, address := range []string{`\\.\pipe\abgleich-agent`, `\\SRV01\pipe\abgleich-agent`} {
		if got := serviceOf(address); got != "abgleich-agent" {
			t.Errorf("%s: %s", address, got)
		}
	}
}
