package api_test

import (
	"testing"

	"connectrpc.com/connect"

	"abgleich/ipc/contract"
	"abgleich/ipc/pipe"
)

func TestOnlyAdministratorsAreToldWhereTheParameterFileIs(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		peer pipe.Peer
		want string
	}{{admin, r.config.ParameterFile}, {annaPeer, ""}, {stranger, ""}} {
		h, err := r.as(c.peer).Hello(t.Context(), connect.NewRequest(&contract.HelloRequest{}))
		r.must(err)
		if got := h.Msg.GetParameterFile(); got != c.want {
			t.Errorf("%s is told %q, want %q", c.peer.Name, got, c.want)
		}
	}
}
