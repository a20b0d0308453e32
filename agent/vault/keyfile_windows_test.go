package vault

import (
	"testing"

	"abgleich/ipc/pipe"
)

func TestTheServiceMayReadTheKeyAnAdministratorMade(t *testing.T) {
	if want := pipe.ServiceSID("abgleich-agent"); serviceSID != want {
		t.Errorf("the key file lets %s in, the service is %s", serviceSID, want)
	}
}
