package region

import "testing"

// Whatever the country: Windows has an answer to each question.
func TestWindowsTellsAllSettings(t *testing.T) {
	r := System(t.Context())
	if r.Date == "" || r.Clock == "" || r.Decimal == "" {
		t.Errorf("%+v", r)
	}
}
